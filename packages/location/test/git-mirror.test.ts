import { describe, expect, test } from "vitest";
import { gitAccess, gitMirrorUrl, gitPlaceAccess, openPlace, placeUrl, type Storage } from "../src/index.ts";

const bare = (url: string): Storage => ({ url, options: {}, secrets: {} });

describe("a Git repository's URL", () => {
  test.each([
    ["https://github.com/me/my-app.git", "git+https://github.com/me/my-app.git"],
    ["git+https://github.com/me/my-app.git/", "git+https://github.com/me/my-app.git"],
    ["http://127.0.0.1:8080/app", "git+http://127.0.0.1:8080/app"],
    ["ssh://git@host:2222/~/app", "git+ssh://git@host:2222/~/app"],
    ["file:///srv/git/app.git", "git+file:///srv/git/app.git"],
  ])("%s", (text, url) => {
    expect(gitMirrorUrl(text)).toBe(url);
    expect(placeUrl(bare(url), "trunks/app.trunk/")).toBe(url);
  });

  test.each([
    ["git@github.com:me/app.git", "", "ssh://git@github.com/me/app.git"],
    ["/srv/git/app.git", "", "file:///srv/git/app.git"],
    ["s3://bucket/app", "is not the URL of a Git repository", "it begins with https://"],
    ["ext::sh -c whoami", "is not the URL", "https://"],
    ["https://t0ken@github.com/me/app", "https://***@github.com", "--token"],
    ["https://me:t0ken@github.com/me/app", "https://***@github.com", "--token"],
    ["ssh://git:t0ken@host/app", "ssh://git:***@host", "--token"],
    ["https://github.com/me/app?token=t0ken", "?token=***", "leave that out"],
    ["https://github.com/", "names no repository", ""],
    ["ssh://-oProxyCommand=x/app", "", ""],
    ["file://host/app", "names no repository", ""],
  ])("cannot be %s", (text, message, hint) => {
    let thrown: { code?: string; message?: string; hint?: string } = {};
    try {
      gitMirrorUrl(text);
    } catch (error) {
      thrown = error as object;
    }
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
    expect(thrown.hint ?? "").toContain(hint);
    expect(`${thrown.message} ${thrown.hint}`).not.toContain("t0ken");
  });
});

describe("how it is logged in", () => {
  const url = "https://github.com/me/app";

  test("by a token, as the password of whoever it may be, or as it is", () => {
    const storage = { url, options: {}, secrets: { token: "t" } };
    expect(gitAccess(bare(url))).toEqual({ url });
    expect(gitAccess(storage)).toEqual({ url, login: { token: "t", user: "x-access-token" } });
    expect(gitAccess({ ...storage, options: { user: "me" } })).toEqual({ url, login: { token: "t", user: "me" } });
    const bearer = { ...storage, url: `git+${url}`, options: { login: "bearer" } };
    expect(gitAccess(bearer)).toEqual({ url, login: { token: "t" } });
    expect(placeUrl(bearer, "")).toBe(`git+${url}?login=bearer`);
  });

  test.each([
    ["http://host/app", "t", /would show the token/],
    ["ssh://host/app", "t", /takes no token/],
    ["https://host/app", "t\npassword=u", /spaces or line ends/],
  ])("not to %s", (to, token, message) => {
    expect(() => gitAccess({ url: to, options: {}, secrets: { token } })).toThrow(message);
  });
});

describe("where the trunk names it", () => {
  const hub = (url: string) => ({ name: "hub", url });
  const token = { TRUNKS_STORAGE_HUB_TOKEN: "t" };

  test("what this machine says goes before that", () => {
    const mine = { repository: "app", storages: { hub: { url: "git+https://mine/app", options: {}, secrets: {} } } };
    const access = { url: "https://mine/app", login: { token: "t", user: "x-access-token" } };
    expect(gitPlaceAccess(hub("git+https://theirs/app"), { settings: mine, environment: token })).toEqual(access);
    const environment = { ...token, TRUNKS_STORAGE_HUB_URL: "https://mine/app" };
    expect(gitPlaceAccess(hub("git+file:///theirs"), { environment })).toEqual(access);
  });

  test("a token goes to hosts that everyone knows; to others, git's own credentials; to a folder, nothing", () => {
    const github = "https://github.com/me/app";
    expect(gitPlaceAccess(hub(`git+${github}?login=bearer`), { environment: token })).toEqual({
      url: github,
      login: { token: "t" },
    });
    expect(gitPlaceAccess(hub("git+https://own/app"), { environment: {} })).toEqual({ url: "https://own/app" });
    expect(gitPlaceAccess(hub("git+ssh://own/app"), { environment: {} })).toEqual({ url: "ssh://own/app" });
    const refused = [
      ["git+https://own/app", token],
      ["git+https://github.com.own/app", token],
      ["git+file:///srv/app", {}],
    ] as const;
    for (const [url, environment] of refused) {
      expect(() => gitPlaceAccess(hub(url), { environment })).toThrow(/a (host|folder) of its own choice for hub/);
    }
  });

  test("it is no store", async () => {
    await expect(openPlace(hub("git+https://github.com/me/app"), { environment: {} })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
