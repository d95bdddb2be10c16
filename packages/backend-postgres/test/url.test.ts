import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPostgres, type PostgresOptions } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { passwordFromFile } from "../src/password-file.ts";
import { parseUrl } from "../src/url.ts";

const parse = (url: string, options = {}, environment = {}) => parseUrl(new URL(url), options, environment);
const resolve = (url: string, options = {}, environment = {}) => resolveOptions(parse(url, options, environment));
const invalid = expect.objectContaining({ code: "CONFIG_INVALID" });

describe("a URL", () => {
  test("names host, user, database and path, and everything else in its query", () => {
    const url =
      "postgresql://me%40home@db.example:6432/my%20code/team/a?schema=s1&table=t1&sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3";
    expect(resolve(url)).toMatchObject({
      host: "db.example",
      port: 6432,
      user: "me@home",
      database: "my code",
      keyPrefix: "team/a/",
      schema: "s1",
      table: "t1",
      sslMode: "verify-full",
      sslRootCert: "/ca.pem",
      connectTimeoutMs: 3000,
    });
  });

  test("has options that may be called as those of other stores are", () => {
    const options = { connectTimeout: "3", sslMode: "disable", sslRootCert: "/ca.pem" };
    expect(resolve("postgres:///d?connect_timeout=9", options)).toMatchObject({
      connectTimeoutMs: 3000,
      sslMode: "disable",
      sslRootCert: "/ca.pem",
    });
  });

  test("is filled up from libpq's variables, and gives way to options", () => {
    const environment = { PGHOST: "h", PGPORT: "1", PGUSER: "u", PGPASSWORD: "p", PGSSLMODE: "require" };
    const fromEnvironment = { host: "h", port: 1, user: "u", password: "p", sslMode: "require" };
    expect(resolve("postgres:///d", {}, environment)).toMatchObject(fromEnvironment);
    expect(resolve("postgres://x@y:2/d?sslmode=disable", {}, environment)).toMatchObject({
      host: "y",
      port: 2,
      user: "x",
      sslMode: "disable",
    });
    expect(resolve("postgres://x@y:2/d", { user: "o", password: "q", host: "/run" }, environment)).toMatchObject({
      host: "/run",
      user: "o",
      password: "q",
    });
    expect(resolve("postgres:///d")).toMatchObject({ host: "localhost", port: 5432, sslMode: "prefer" });
    expect(resolve("postgres://[::1]/d").host).toBe("::1");
  });

  test.each([
    ["postgres://user:hidden@host/d", {}],
    ["postgres://host/d?password=hidden", {}],
    ["postgres://host/d?sslpassword=hidden", {}],
    ["postgres://host/d?tabel=x", {}],
    ["postgres://host/d", { tabel: "hidden" }],
    ["postgres://host/", {}],
    ["postgres://host/d?sslmode=yes", {}],
    ["postgres://host/d?sslcert=/x", {}],
    ["postgres://host/d?sslrootcert=system", {}],
    ["postgres://host/d?table=a;b", {}],
    ["postgres://host/d?schema=a%22b", {}],
    ["postgres://host/d?port=x", {}],
    ["postgres://host/d/a//b", {}],
    ["postgres://host/%zz", {}],
    ["s3://bucket", {}],
  ])("%s with %o is refused, without its secrets", (url, options) => {
    let message = "";
    expect(() => resolve(url, options)).toThrow(invalid);
    try {
      resolve(url, options);
    } catch (error) {
      message = JSON.stringify(error) + String(error) + (error as { hint?: string }).hint;
    }
    expect(message).not.toContain("hidden");
  });
});

test.each<Partial<PostgresOptions>>([
  { port: 70_000 },
  { requestTimeoutMs: 0 },
  { maxConnections: 1.5 },
  { path: "a/../b" },
  { database: "" },
])("the options %o are refused", async (options) => {
  await expect(openPostgres({ database: "d", ...options })).rejects.toThrow(invalid);
});

describe("the password file", () => {
  let folder: string;
  let environment: { PGPASSFILE: string };
  const place = { host: "db", port: 5432, database: "code", user: "me" };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "trunks-passwords-"));
    environment = { PGPASSFILE: join(folder, "passwords") };
    const lines = ["# comment", "db:5433:*:me:other port", "db:*:code:me:first\\:with\\\\marks", "*:*:*:*:last", ""];
    await writeFile(environment.PGPASSFILE, lines.join("\n"), { mode: 0o600 });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("answers for the first line that fits", async () => {
    expect(await passwordFromFile(place, environment)).toBe("first:with\\marks");
    expect(await passwordFromFile({ ...place, user: "you" }, environment)).toBe("last");
  });

  test("is asked when nothing else has a password", async () => {
    const { password } = parse("postgres://me@db/code", {}, environment);
    expect(await (password as () => Promise<string | undefined>)()).toBe("first:with\\marks");
  });

  test("does not count when others may read it, or when it is not there", async () => {
    await chmod(environment.PGPASSFILE, 0o644);
    expect(await passwordFromFile(place, environment)).toBeUndefined();
    expect(await passwordFromFile(place, { PGPASSFILE: join(folder, "none") })).toBeUndefined();
  });
});
