import { once } from "node:events";
import { join } from "node:path";
import { type GitHttpServer, startGitHttp } from "@trunks/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GitMirrorSandbox } from "../support/git-mirror.ts";
import { commit } from "../support/repository.ts";
import type { CommandOptions } from "../support/sandbox.ts";
import { filesWith, forms } from "../support/secret-search.ts";
import { trunks } from "../support/trunks.ts";

const watcher = join(import.meta.dirname, "..", "support", "command-lines.mjs");
const wrong = "ghp_a-wrong-token-that-nobody-shall-see";

let server: GitHttpServer;
let sandbox: GitMirrorSandbox;
beforeEach(async () => {
  sandbox = new GitMirrorSandbox();
  server = await startGitHttp();
});
afterEach(async () => {
  await sandbox.remove();
  await server.stop();
});

test("the token of a Git host is in nothing that is said, in no command line and no file but the settings", async () => {
  const url = await server.make("app.git");
  const basic = (token: string) => `x-access-token:${token}`;
  const texts = [server.token, wrong].flatMap((token) => [...forms(token), ...forms(basic(token))]);
  const said: string[] = [];
  const traces = { GIT_TRACE: "1", GIT_TRACE_CURL: "1", GIT_TRACE2_EVENT: "1", GIT_CURL_VERBOSE: "1" };
  await sandbox.begin({});
  // Whoever has such a helper has git keep what it was told.
  await sandbox.git(["config", "--global", "credential.helper", "store"]);

  const watching = sandbox.start(process.execPath, [watcher]);
  await once(watching.stdout, "data");
  watching.stdin.write([sandbox.path, ...texts].map((line) => `${line}\n`).join(""));

  async function run(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
    const forms = options.input === undefined ? ["--json", "--verbose"] : ["--verbose"];
    for (const form of forms) {
      const result = await trunks(sandbox, [...args, form], { folder: "work", ...options });
      said.push(result.stdout, result.stderr);
      expect([args.join(" "), result.status]).toEqual([args.join(" "), status]);
    }
  }
  async function push(fits: boolean, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    await commit(sandbox, "work", `commit ${said.length}`);
    const options = { folder: "work", environment: { ...traces, ...environment } };
    const result = await sandbox.tryGit(["push", "-v"], options);
    said.push(result.stdout.toString("latin1"), result.stderr.toString("latin1"));
    expect([environment, result.status === 0]).toEqual([environment, fits]);
  }

  const add = ["storage", "add", "hub", "--backend", "git", "--url", url, "--mirror", "--token", "-"];
  await run(1, add, { input: `${wrong}\n` });
  await run(0, add, { input: `${server.token}\n` });
  await push(true);
  for (const args of [["list"], ["show", "hub"], ["ping", "hub"], ["sync"]]) await run(0, ["storage", ...args]);
  await run(0, ["status"]);
  await run(0, ["doctor"]);
  await push(false, { TRUNKS_STORAGE_HUB_TOKEN: wrong });
  await run(1, ["storage", "sync"], { environment: { TRUNKS_STORAGE_HUB_TOKEN: wrong } });
  await push(true, { TRUNKS_STORAGE_HUB_LOGIN: "bearer" });
  await push(false, { TRUNKS_STORAGE_HUB_LOGIN: "bearer", TRUNKS_STORAGE_HUB_TOKEN: wrong });
  await run(0, ["storage", "update", "hub", "--mirror=lagging"]);
  await push(true, { TRUNKS_STORAGE_HUB_TOKEN: wrong });
  // A host that says again what it was told.
  await run(1, ["storage", "update", "hub", "--url", url.replace("//", `//${server.token}@`), "--backend", "git"]);

  watching.stdin.end();
  let report = "";
  for await (const text of watching.stdout.setEncoding("utf8")) report += text;
  const { seen, exposed } = JSON.parse(report) as { seen: number; exposed: string[] };
  expect(seen).toBeGreaterThan(20);
  // The one that was typed in a URL is not to be helped, but that it goes from `ps` as soon as it is seen.
  expect(exposed.filter((line) => !line.includes("--url"))).toEqual([]);

  const everything = said.join("\n");
  expect(everything).toContain("trunks: git push http://127.0.0.1");
  expect(everything).toMatch(/Authentication failed/);
  expect(said.flatMap((text) => text.split("\n")).filter((line) => texts.some((one) => line.includes(one)))).toEqual(
    [],
  );
  expect(filesWith(sandbox.path, texts)).toEqual(["work/.trunks/app.trunk"]);
  expect(filesWith(server.folder, texts)).toEqual([]);
});
