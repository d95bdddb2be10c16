import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type GitHttpServer, type ProxyAction, startGitHttp, startProxy, type TestProxy } from "@trunks/test-servers";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Ending, ending } from "../support/ending.ts";
import { GitMirrorSandbox } from "../support/git-mirror.ts";
import { commit } from "../support/repository.ts";
import { trunks } from "../support/trunks.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: GitMirrorSandbox;
let server: GitHttpServer;
let proxy: TestProxy;
/** Of the mirror, through the proxy. */
let url: string;

beforeEach(async () => {
  sandbox = new GitMirrorSandbox();
  server = await startGitHttp({ public: true });
  proxy = await startProxy(server.endpoint);
  await server.make("me/app.git");
  url = `${proxy.endpoint}/me/app.git`;
});
afterEach(async () => {
  await sandbox.remove();
  await proxy.stop();
  await server.stop();
});

/** Adds the mirror with a token; everyone may read there. */
async function begin(token: string, mode = "strict", ...options: string[]) {
  if (!sandbox.exists("work")) await sandbox.begin({});
  const args = ["storage", "add", "hub", "--backend", "git", "--url", url, `--mirror=${mode}`, "--token", "-"];
  return trunks(sandbox, [...args, ...options], { folder: "work", input: `${token}\n` });
}

async function expectSame(): Promise<void> {
  expect(await sandbox.refsOf(`${server.endpoint}/me/app.git`)).toEqual(await sandbox.trunkRefs());
}

/** A push that does not reach the trunk. */
async function expectStopped(ended: Promise<Ending>, before: ReadonlyMap<string, string>, what: RegExp): Promise<void> {
  const { status, messages } = await ended;
  expect([status !== 0, messages]).toEqual([true, expect.stringMatching(what)]);
  expect(sandbox.content("primary")).toEqual(before);
}

/** What happens to the upload of a push; all else goes through. */
function uploads(action: ProxyAction): void {
  proxy.use(({ method, path }) => (method === "POST" && path.endsWith("git-receive-pack") ? action : { do: "pass" }));
}

describe("a Git host", () => {
  test.for([["basic"], ["bearer"]])("is pushed to with a token: %s", async ([login]) => {
    const added = await begin(server.token, "strict", "--option", `login=${login}`);
    expect(added).toMatchObject({ status: 0, stdout: expect.stringContaining("it is a strict mirror now") });
    expect(await sandbox.pushCommit("second")).toEqual(wentWell);
    await expectSame();
    const kinds = proxy.requests.flatMap(({ headers }) => headers.authorization?.split(" ")[0] ?? []);
    expect([...new Set(kinds)]).toEqual([login === "basic" ? "Basic" : "Bearer"]);
    expect(await sandbox.json("storage", "show", "hub")).toMatchObject({ secrets: { token: "***" } });
  });

  test("that does not take a push of this token is found out before anything is written, and when it is added", async () => {
    for (const [token, what] of [
      [server.readToken, /403/],
      ["no-token", /Authentication failed/],
    ] as const) {
      const { status, stderr } = await begin(token);
      expect([status, stderr]).toEqual([1, expect.stringMatching(what)]);
    }
    expect((await begin(server.token)).status).toBe(0);
    await commit(sandbox, "work", "second");
    const before = sandbox.content("primary");
    const environment = { TRUNKS_STORAGE_HUB_TOKEN: server.readToken };
    await expectStopped(
      sandbox.push({ environment }),
      before,
      /^fatal: the mirror hub .*403.*\nhint: whoever logs in may not push/,
    );
    expect(await sandbox.push()).toEqual(wentWell);
    await expectSame();
  });

  test("that dies when the trunk has the push leaves what the next push, or `storage sync`, repairs", async () => {
    await begin(server.token);
    for (const [action, repair] of [
      [{ do: "reset-before" }, () => sandbox.push()],
      [{ do: "reset-after" }, () => sandbox.push()],
      [{ do: "answer", status: 503 }, () => sandbox.trunks("storage", "sync")],
    ] as const) {
      uploads(action);
      const { status, messages } = await sandbox.pushCommit(`during-${action.do}`);
      expect([status, messages]).toEqual([
        1,
        expect.stringMatching(
          /^error: the push is in the trunk, but did not reach its mirror hub .*\nhint: .*`trunks storage sync hub`/,
        ),
      ]);
      uploads({ do: "pass" });
      await repair();
      await expectSame();
    }
  });

  test("whose rules refuse what the trunk took says so; what is taken out of the branch again, it takes", async () => {
    await begin(server.token);
    const hook = join(server.folder, "me/app.git/hooks/pre-receive");
    // As hosts do that look for secrets, and for files that are too large.
    const refuse = 'echo "declined: secret.txt holds a key" >&2; exit 1';
    const found = "git rev-list --objects $new --not --all | grep -q ' secret.txt$'";
    writeFileSync(hook, `#!/bin/sh\nwhile read old new ref; do if ${found}; then ${refuse}; fi; done\n`, {
      mode: 0o755,
    });
    await commit(sandbox, "work", "leak", { "secret.txt": "a key\n", other: "work\n" });
    const refused = await sandbox.push();
    expect([refused.status, refused.messages]).toEqual([
      1,
      expect.stringMatching(
        /^error: the push is in the trunk, but did not reach its mirror hub .*it refuses refs\/heads\/main .*pre-receive hook declined.*secret\.txt holds a key.*\nhint: .*take it out of the branch; or .*`trunks storage update hub --mirror=lagging`/,
      ),
    ]);
    await commit(sandbox, "work", "on top of it", { more: "work\n" });
    const stopped = await sandbox.push();
    expect([stopped.status === 0, stopped.messages]).toEqual([
      false,
      expect.stringContaining("pre-receive hook declined"),
    ]);
    await sandbox.git(["reset", "-q", "--soft", "HEAD~1"], { folder: "work" });
    await sandbox.git(["rm", "-q", "--cached", "secret.txt"], { folder: "work" });
    await sandbox.git(["commit", "-q", "--amend", "-m", "without"], { folder: "work" });
    const force = ["push", "-q", "--force", "origin", "main"];
    expect(await ending(sandbox, force, { folder: "work" })).toEqual(wentWell);
    await expectSame();
    expect(await sandbox.pushCommit("second")).toEqual(wentWell);
    await expectSame();
  });

  test("that is away, slow, or gone stops a strict push before anything is written", async () => {
    await begin(server.token);
    await commit(sandbox, "work", "second");
    const before = sandbox.content("primary");
    for (const [action, what] of [
      [{ do: "answer", status: 503 }, /503/],
      [{ do: "answer", status: 404 }, /not found/],
      [{ do: "reset-before" }, /unable to access|hung up/],
    ] as const) {
      proxy.use(() => action);
      await expectStopped(sandbox.push(), before, what);
    }
    proxy.use(() => ({ do: "pass" }));
    expect(await sandbox.push()).toEqual(wentWell);
    await expectSame();
  });

  test("that does not answer is given up", async () => {
    await begin(server.token);
    proxy.use(() => ({ do: "hang" }));
    const { stdout, status } = await trunks(sandbox, ["storage", "ping", "hub", "--json"], { folder: "work" });
    expect([status, stdout]).toEqual([1, expect.stringContaining("it did not answer within 10 s")]);
  });

  test("to which a push is killed half-way is repaired by the next one", async () => {
    await begin(server.token);
    await commit(sandbox, "work", "second");
    // In a session of its own, which is killed as a whole.
    const atUpload = new Promise<void>((resolve) => {
      proxy.use(({ method, path }) => {
        if (method !== "POST" || !path.endsWith("git-receive-pack")) return { do: "pass" };
        resolve();
        return { do: "hang" };
      });
    });
    const child = sandbox.start("setsid", ["git", "push", "-q"], { folder: "work" });
    const ended = once(child, "close");
    await atUpload;
    process.kill(-(child.pid as number), "SIGKILL");
    await ended;
    proxy.use(() => ({ do: "pass" }));
    expect((await sandbox.trunkRefs())[0]).toContain(await sandbox.git(["rev-parse", "main"], { folder: "work" }));
    expect(await sandbox.push()).toEqual(wentWell);
    await expectSame();
  });

  test("that redirects elsewhere does not take the token along", async () => {
    const seen: unknown[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": 'Basic realm="other"' }).end();
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await begin(server.token);
    proxy.use(({ path, query }) => ({
      do: "answer",
      status: 301,
      headers: { location: `http://localhost:${port}${path}?${query}` },
    }));
    for (const login of ["basic", "bearer"]) {
      const { status } = await sandbox.push({ environment: { TRUNKS_STORAGE_HUB_LOGIN: login } });
      expect(status).not.toBe(0);
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((authorization) => authorization !== undefined)).toEqual([]);
  });
});

describe("a machine that has the primary's URL only", () => {
  const push = (environment: Readonly<Record<string, string>> = {}) => sandbox.push({ folder: "fresh", environment });

  async function clone(): Promise<void> {
    await begin(server.token);
    await sandbox.git(["clone", "-q", sandbox.placeUrl("primary"), "fresh"]);
    await commit(sandbox, "fresh", "from elsewhere");
  }

  test("is told that it cannot push there without credentials, and needs the token and the URL", async () => {
    await clone();
    const before = sandbox.content("primary");
    await expectStopped(
      push(),
      before,
      /^fatal: the mirror hub .*could not read Username.*\nhint: .*TRUNKS_STORAGE_HUB_TOKEN/s,
    );
    const token = { TRUNKS_STORAGE_HUB_TOKEN: server.token };
    await expectStopped(push(token), before, /a host of its own choice for hub.*\nhint: .*TRUNKS_STORAGE_HUB_URL/);
    expect(await push({ ...token, TRUNKS_STORAGE_HUB_URL: url })).toEqual(wentWell);
    await expectSame();
  });

  test("follows with what git's own credential helper knows of that host", async () => {
    await clone();
    const helper = `!f() { echo username=me; echo password=${server.token}; }; f`;
    await sandbox.git(["config", "credential.helper", helper], { folder: "fresh" });
    expect(await push()).toEqual(wentWell);
    await expectSame();
  });

  test("and a lagging mirror goes on with a warning", async () => {
    await clone();
    await sandbox.trunks("storage", "update", "hub", "--mirror=lagging");
    const { status, messages } = await push();
    expect([status, messages]).toEqual([0, expect.stringMatching(/^warning: the mirror hub .*; it is lagging/)]);
    expect((await ending(sandbox, ["ls-remote", url])).status).toBe(0);
  });
});
