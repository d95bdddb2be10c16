import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalog } from "../../src/catalog.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunksJson } from "../support/trunks.ts";

/** One test starts some sixty programs. */
const timeoutMs = 300_000;

/** It has no answer. */
const shell = "";
/** Commands whose answers are held against the schema in another file of this folder. */
const elsewhere: Readonly<Record<string, string>> = {
  "backend add": "backend.test.ts",
};

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.remove());

test("what is said to be held against the schema elsewhere is", () => {
  for (const [name, file] of Object.entries(elsewhere)) {
    const words = name.split(" ").map((word) => `"${word}"`);
    const call = new RegExp(String.raw`trunksJson(<.*>)?\(sandbox, \[${words.join(", ")}[,\]]`);
    expect([name, readFileSync(join(import.meta.dirname, file), "utf8")]).toEqual([name, expect.stringMatching(call)]);
  }
});

test(
  "every command's answer is as the published schema says",
  async () => {
    const store = `local://${sandbox.path}/store`;
    const mirror = `file://${sandbox.path}/mirror`;
    for (const folder of ["mirror", "next"]) sandbox.write(`${folder}/keep`, "");
    sandbox.write("work/a", "1\n");
    execFileSync("git", ["init", "-q", `${sandbox.path}/work`], { env: sandbox.environment });
    const lines = [
      ["init", "--name", "app", "--url", store],
      ["checkpoint", "-m", "first"],
      ["push"],
      ["status"],
      ["checkpoint", "-m", "second", "--allow-empty", "--push"],
      ["pull"],
      ["fetch"],
      ["log"],
      ["diff", "HEAD~1"],
      ["history"],
      ["rollback", "--to", "HEAD~1"],
      ["reflog"],
      ["undo", "--dry-run"],
      ["branch", "create", "side", "--from", "main"],
      ["branch", "list"],
      ["branch", "get", "side"],
      ["branch", "update", "side", "--to", "main"],
      ["branch", "switch", "side"],
      ["branch", "switch", "main"],
      ["branch", "delete", "side"],
      ["branch", "restore", "side"],
      ["tag", "create", "v1", "--from", "main"],
      ["tag", "list"],
      ["tag", "get", "v1"],
      ["tag", "update", "v1", "-m", "one"],
      ["tag", "delete", "v1"],
      ["repo", "create", "other"],
      ["repo", "list"],
      ["repo", "get", "app"],
      ["repo", "update", "app", "--default-branch", "side"],
      ["repo", "delete", "other", "--yes"],
      ["storage", "add", "backup", "--url", mirror, "--mirror"],
      ["storage", "list"],
      ["storage", "show"],
      ["storage", "ping", "backup"],
      ["storage", "update", "backup", "--mirror=lagging"],
      ["storage", "sync"],
      ["storage", "remove", "backup"],
      ["check"],
      ["maintenance", "run"],
      ["maintenance", "start"],
      ["maintenance", "status"],
      ["verify", "--probe", store],
      ["doctor"],
      ["backend", "list"],
      ["clone", `${store}/app`, "copy"],
      ["completion", "bash"],
      ["mount", "--repo", "app", "--backend", store, "--path", "mounted", "--watch=push", "--watch-interval", "60"],
      ["mount", "list"],
      ["recover", "--path", "mounted", "--remote"],
      ["recover", "--path", "mounted", "--clean"],
      ["unmount", "mounted"],
      ["version"],
      ["help", "schema"],
      ["storage", "add", "next", "--url", `file://${sandbox.path}/next`, "--mirror"],
      ["storage", "promote", "next"],
    ];
    const seen = new Set([shell, ...Object.keys(elsewhere)]);
    for (const line of lines) {
      const answer = await trunksJson<{ object: string }>(sandbox, line, { folder: "work" });
      expect([line, answer.object]).toEqual([line, expect.not.stringMatching(/^error$/)]);
      const [first = "", second] = line;
      const both = `${first} ${second}`;
      seen.add(catalog.some(({ name }) => name === both) ? both : first);
    }
    expect(catalog.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
  },
  timeoutMs,
);
