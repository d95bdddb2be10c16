import { isTrunksError } from "@trunks/core";
import { describe, expect, test } from "vitest";
import { canonicalUrl, parseLocation, parseRoot } from "../src/index.ts";

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(isTrunksError(error, "CONFIG_INVALID"), String(error)).toBe(true);
    return (error as Error).message;
  }
  return expect.unreachable("it was accepted");
}

describe("a remote's URL", () => {
  test.each([
    ["s3://bucket/my-app", "s3://bucket", "trunks/my-app.trunk/"],
    ["trunks::s3://bucket/my-app", "s3://bucket", "trunks/my-app.trunk/"],
    ["s3://bucket/team/my-app", "s3://bucket/team", "trunks/my-app.trunk/"],
    ["s3://bucket/team/my-app/", "s3://bucket/team", "trunks/my-app.trunk/"],
    ["s3://bucket/trunks/my-app.trunk", "s3://bucket", "trunks/my-app.trunk/"],
    ["s3://bucket/team/trunks/my-app.trunk", "s3://bucket/team", "trunks/my-app.trunk/"],
    ["s3://bucket/team/my-app.trunk", "s3://bucket/team", "my-app.trunk/"],
    ["s3://bucket/my-app.trunk", "s3://bucket", "my-app.trunk/"],
    ["S3://Bucket/Team/My-App", "s3://Bucket/Team", "trunks/My-App.trunk/"],
    ["s3://bucket/my%2Dapp", "s3://bucket", "trunks/my-app.trunk/"],
    ["s3://bucket/app.git", "s3://bucket", "trunks/app.git.trunk/"],
    [
      "s3://b/app?endpoint=http://127.0.0.1:9000&region=x",
      "s3://b?endpoint=http://127.0.0.1:9000&region=x",
      "trunks/app.trunk/",
    ],
    ["local:///srv/code/my-app", "local:///srv/code", "trunks/my-app.trunk/"],
    ["local:///srv/x/trunks/app.trunk", "local:///srv/x", "trunks/app.trunk/"],
    ["local:///my-app", "local:///", "trunks/my-app.trunk/"],
    ["local:///srv/a b/app", "local:///srv/a%20b", "trunks/app.trunk/"],
    ["local:///srv/a%20b/app", "local:///srv/a%20b", "trunks/app.trunk/"],
    ["file:///mnt/share/app", "file:///mnt/share", "trunks/app.trunk/"],
    ["azure://account/container/app", "azure://account/container", "trunks/app.trunk/"],
    ["postgres://user@host:5432/db/app", "postgres://user@host:5432/db", "trunks/app.trunk/"],
    ["postgres:///db/app", "postgres:///db", "trunks/app.trunk/"],
    ["sftp://user@host/~/code/app", "sftp://user@host/~/code", "trunks/app.trunk/"],
    ["memory:///app", "memory:///", "trunks/app.trunk/"],
    ["their-store://anything/app", "their-store://anything", "trunks/app.trunk/"],
  ])("%s", (text, root, prefix) => {
    const location = parseLocation(text);
    expect(location.kind === "url" && location.root.href).toBe(root);
    expect(location.prefix).toBe(prefix);
    expect(`${location.name}.trunk/`).toBe(prefix.split("/").at(-2)?.concat("/"));
  });

  test("names a storage and a repository", () => {
    const expected = { kind: "storage", storage: "primary", name: "my-app", prefix: "trunks/my-app.trunk/" };
    expect(parseLocation("trunks://primary/my-app")).toEqual(expected);
    expect(parseLocation("trunks::trunks://primary/my-app")).toEqual(expected);
    expect(parseLocation("trunks://primary/my-app.trunk")).toEqual(expected);
    expect(parseLocation("trunks://primary/my-app/")).toEqual(expected);
  });

  test.each([
    ["", "is not a URL"],
    ["my-app", "is not a URL"],
    ["./my-app", "is not a URL"],
    ["/srv/my-app", "is not a URL"],
    ["C:\\code\\my-app", "is not a URL"],
    ["c:/code/my-app", "is not a URL"],
    ["host:my-app", "is not a URL"],
    ["://host/my-app", "is not a URL"],
    ["s3://bucket", "names no repository"],
    ["s3://bucket/", "names no repository"],
    ["local:///", "names no repository"],
    ["azure://account/container", "names no repository"],
    ["postgres://host/db", "names no repository"],
    ["s3:///my-app", "names no store"],
    ["sftp:///srv/my-app", "names no store"],
    ["s3://bad bucket/my-app", "is not a URL"],
    ["sftp://host:port/my-app", "is not a URL"],
    ["local://srv/my-app", "names a host"],
    ["file://server/share/my-app", "names a host"],
    ["s3://bucket//my-app", "empty part"],
    ["s3://bucket/my-app//", "empty part"],
    ["s3://bucket/../my-app", "a . or .."],
    ["s3://bucket/team/%2e%2E/my-app", "a . or .."],
    ["s3://bucket/./my-app", "a . or .."],
    ["s3://bucket/..", "a . or .."],
    ["s3://bucket/team%2Fmy-app", "encoded slash"],
    ["s3://bucket/team%5Cx/my-app", "encoded slash"],
    ["s3://bucket/te%00am/my-app", "control character"],
    ["s3://bucket/te\nam/my-app", "control characters"],
    ["s3://bucket/te\\am/my-app", "backslashes"],
    ["s3://bucket/my-app%", "percent sign"],
    ["s3://bucket/my-app%ff", "percent sign"],
    ["s3://bucket/my-app#main", "behind #"],
    ["s3://bucket/my app", "cannot be a repository's name"],
    ["s3://bucket/.hidden", "cannot be a repository's name"],
    ["s3://bucket/-app", "cannot be a repository's name"],
    ["s3://bucket/.trunk", "cannot be a repository's name"],
    ["s3://bucket/größe", "cannot be a repository's name"],
    ["s3://bucket/a+b", "cannot be a repository's name"],
    [`s3://bucket/${"a".repeat(195)}`, "cannot be a repository's name"],
    ["trunks://primary", "is not trunks://<storage>/<repository>"],
    ["trunks:///my-app", "is not trunks://<storage>/<repository>"],
    ["trunks://primary/team/my-app", "is not trunks://<storage>/<repository>"],
    ["trunks://primary/my-app?region=x", "has a query"],
    ["trunks://Primary/my-app", "cannot be a storage's name"],
    ["trunks://my_store/my-app", "cannot be a storage's name"],
    ["trunks::trunks::s3://bucket/my-app", "is not a URL"],
  ])("%j is refused", (text, message) => {
    expect(failure(() => parseLocation(text))).toContain(message);
  });

  test("the longest name fits", () => {
    expect(parseLocation(`s3://bucket/${"a".repeat(194)}`).name).toHaveLength(194);
  });

  test("refusals show no secrets", () => {
    const urls = [
      "s3://id:hunter2@bucket//my-app",
      "s3://id:hun/hunter2@bucket/my-app",
      "s3://id:hunter2@bad bucket/my-app",
      "sftp://id:hunter2@host:port/my-app",
      "s3://bucket/a/../my-app?secret_key=hunter2",
      "local://id:hunter2@srv/my-app",
    ];
    for (const url of urls) expect(failure(() => parseLocation(url))).not.toContain("hunter2");
  });
});

describe("a store's URL", () => {
  test.each([
    ["s3://bucket", "s3://bucket"],
    ["s3://bucket/", "s3://bucket"],
    ["s3://bucket/team/", "s3://bucket/team"],
    ["trunks::s3://bucket?region=x", "s3://bucket?region=x"],
    ["local:///srv/code", "local:///srv/code"],
    ["postgres://host/db", "postgres://host/db"],
    ["memory://", "memory:///"],
  ])("%s", (text, root) => {
    expect(parseRoot(text).href).toBe(root);
  });

  test.each([
    ["s3://bucket/trunks/app.trunk", "is one trunk"],
    ["trunks://primary/app", "is a named storage"],
    ["azure://account", "names no store"],
    ["postgres://host", "names no store"],
    ["srv/code", "is not a URL"],
  ])("%s is refused", (text, message) => {
    expect(failure(() => parseRoot(text))).toContain(message);
  });
});

test("one trunk has one canonical URL, without secrets", () => {
  const urls = [
    "s3://id:hunter2@bucket/team/app?region=x&endpoint=http%3A%2F%2Fh&secret_key=hunter2",
    "trunks::s3://id@bucket/team/trunks/app.trunk?endpoint=http://h&region=x",
  ];
  const canonical = urls.map((url) => {
    const location = parseLocation(url);
    return location.kind === "url" ? canonicalUrl(location.root, location.prefix) : undefined;
  });
  expect(new Set(canonical)).toEqual(
    new Set(["s3://id@bucket/team/trunks/app.trunk?endpoint=http%3A%2F%2Fh&region=x"]),
  );
});
