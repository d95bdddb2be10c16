import { join } from "node:path";
import { contractCases } from "@trunks/contract-tests";
import { ServerUnavailableError, startRedis } from "@trunks/test-servers";
import { afterAll, describe, expect, inject, test } from "vitest";
import { type RunResult, Workshop } from "./support/workshop.ts";

/** `examples/backend-redis` as its author and its users have it: nothing of `@trunks` but packed packages. */
const source = join(import.meta.dirname, "..", "backend-redis");
const tarballs = inject("tarballs");
const workshop = new Workshop();

const server = await startRedis().catch((error: unknown) => {
  if (error instanceof ServerUnavailableError) return undefined;
  throw error;
});

/** What the names of the tests that are skipped are made of. */
const absent = { port: 0, securePort: 0, password: "", certificate: "" };

afterAll(async () => {
  await server?.stop();
  workshop.remove();
});

describe.skipIf(server === undefined)("backend-redis", () => {
  const { port, securePort, password, certificate } = server ?? absent;
  const url = `redis://127.0.0.1:${port}`;
  const environment = { REDISCLI_AUTH: password, TEST_REDIS_URL: `${url}/15` };

  test("its own tests pass, the contract among them, and it can be packed", async () => {
    workshop.copy(source, "author");
    await workshop.install("author", [tarballs["@trunks/core"], tarballs["@trunks/contract-tests"]]);
    const passed = await workshop.test("author", environment);
    expect(contractCases.filter(({ id }) => !passed.some((name) => name.includes(`${id}: `)))).toEqual([]);
    await workshop.succeed("npm", ["pack"], { folder: "author" });
  });

  /** Git in the user's folder. */
  const git = (...args: string[]) => workshop.succeed("git", args, { folder: "user", environment });
  const tryTrunks = (...args: string[]): Promise<RunResult> =>
    workshop.run("trunks", args, { folder: "user", environment });

  test("installed beside `trunks`, `trunks verify redis://…` finds no broken promise", async () => {
    workshop.write("user/package.json", '{ "private": true }\n');
    await workshop.install("user", [
      tarballs["@trunks/cli"],
      tarballs["@trunks/core"],
      workshop.find("author", ".tgz"),
    ]);
    const { status, text } = await tryTrunks("verify", `${url}/3/team`);
    expect([status, text]).toEqual([0, expect.stringMatching(/team: \d+ passed, 0 failed, \d+ skipped\nIt keeps/)]);
  });

  test("stock git pushes to it, clones from it, and finds all there after the server was killed", async () => {
    const remote = `trunks::${url}/3/team/my-app`;
    await git("init", "-q", "work");
    await git("-C", "work", "commit", "-q", "--allow-empty", "-m", "one");
    await git("-C", "work", "push", "-q", remote, "main");
    await git("clone", "-q", remote, "copy");
    await git("-C", "work", "commit", "-q", "--allow-empty", "-m", "two");
    await git("-C", "work", "push", "-q", remote, "main");
    await server?.restart();
    await git("-C", "copy", "fetch", "-q");
    expect(await git("-C", "copy", "log", "--format=%s", "origin/main")).toBe("two\none\n");
  });

  test("a wrong password, a missing database and a password in the URL are told apart, and never shown", async () => {
    const wrong = await workshop.run("trunks", ["verify", "--probe", url], {
      folder: "user",
      environment: { REDISCLI_AUTH: "hunter2" },
    });
    expect(wrong).toMatchObject({ status: 1, text: expect.stringContaining("UNAUTHENTICATED") });
    expect(await tryTrunks("verify", "--probe", `${url}/9999`)).toMatchObject({
      status: 1,
      text: expect.stringContaining("NOT_FOUND"),
    });
    const open = await tryTrunks("verify", "--probe", url.replace("//", "//:hunter2@"));
    expect(open).toMatchObject({ status: 1, text: expect.stringContaining("a URL is no place for a password") });
    for (const { text } of [wrong, open]) expect(text).not.toContain("hunter2");
  });

  test("by TLS, rediss:// is the same package's, which its manifest says", async () => {
    const secure = `rediss://127.0.0.1:${securePort}/3/team`;
    const ask = ["ls-remote", `trunks::${secure}/my-app`];
    const strange = await workshop.run("git", ask, { folder: "user", environment });
    expect(strange).toMatchObject({ status: 128, text: expect.stringContaining("self-signed certificate") });
    const trusting = { ...environment, NODE_EXTRA_CA_CERTS: certificate };
    const heads = await workshop.succeed("git", ask, { folder: "user", environment: trusting });
    expect(heads).toMatch(/\trefs\/heads\/main\n/);
  });
});
