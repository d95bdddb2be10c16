import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type GitHttpServer, startGitHttp } from "../src/index.ts";

let server: GitHttpServer;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "trunks-git-user-"));
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Git of a user who has no settings; answers what it said, and throws when it fails. */
async function git(...args: string[]): Promise<string> {
  const { PATH } = process.env;
  const env = { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", LC_ALL: "C" };
  const own = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-C", folder];
  const { stdout } = await promisify(execFile)("git", [...own, ...args], { env });
  return stdout;
}

function withToken(url: string, token: string): string {
  return url.replace("//", `//anyone:${token}@`);
}

test("takes pushes, small and large, of who has the token, and shows them to who may read", async () => {
  server = await startGitHttp();
  const url = await server.make("me/app.git");
  await git("init", "-q", "-b", "main");
  await git("commit", "-q", "--allow-empty", "-m", "small");
  await git("push", "-q", withToken(url, server.token), "main");
  await writeFile(join(folder, "large"), randomBytes(3_000_000));
  await git("add", "large");
  await git("commit", "-q", "-m", "large");
  const bearer = `http.extraHeader=Authorization: Bearer ${server.token}`;
  await git("-c", bearer, "push", "-q", url, "main");
  expect(await server.git("me/app.git", "log", "--format=%s", "main")).toBe("large\nsmall");
  await git("clone", "-q", withToken(url, server.readToken), "copy");
  expect(await git("-C", "copy", "log", "--format=%s")).toBe("large\nsmall\n");
});

test("refuses strangers, and pushes of who may only read", async () => {
  server = await startGitHttp();
  const url = await server.make("app.git");
  await git("init", "-q", "-b", "main");
  await git("commit", "-q", "--allow-empty", "-m", "one");
  await expect(git("ls-remote", url)).rejects.toThrow("could not read Username");
  await expect(git("ls-remote", withToken(url, "wrong"))).rejects.toThrow("Authentication failed");
  await expect(git("push", withToken(url, server.readToken), "main")).rejects.toThrow("403");
  expect(await git("ls-remote", withToken(url, server.readToken))).toBe("");
});

test("shows a public repository to everyone, and still takes no pushes of strangers", async () => {
  server = await startGitHttp({ public: true });
  const url = await server.make("app.git");
  await git("init", "-q", "-b", "main");
  await git("commit", "-q", "--allow-empty", "-m", "one");
  expect(await git("ls-remote", url)).toBe("");
  await expect(git("push", url, "main")).rejects.toThrow("could not read Username");
  await expect(git("ls-remote", url.replace("app.git", "no.git"))).rejects.toThrow("not found");
});
