import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const home = join(import.meta.dirname, "..");
const page = readFileSync(join(home, "README.md"), "utf8");
const snippets = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((found) => found[1] as string);
const folder = mkdtempSync(join(tmpdir(), "trunks-sdk-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** They stand in one order because they tell one story; in place of a bucket there is a folder. */
test("the snippets of the README do what they say", { timeout: 60_000 }, async () => {
  expect(snippets.length).toBeGreaterThan(4);
  mkdirSync(join(folder, "store"));
  mkdirSync(join(folder, "node_modules", "@trunks"), { recursive: true });
  symlinkSync(home, join(folder, "node_modules", "@trunks", "sdk"));
  for (const [number, snippet] of snippets.entries()) {
    const path = join(folder, `snippet-${number}.mts`);
    writeFileSync(path, snippet.replaceAll("s3://company-code/", `local://${folder}/store/`));
    const env = { PATH: process.env.PATH, HOME: folder, GIT_AUTHOR_NAME: "A Writer" };
    const { stdout } = await promisify(execFile)(process.execPath, [path], { cwd: folder, env });
    const expected = [...snippet.matchAll(/\/\/ → (.*)$/gm)].map((found) => found[1]);
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual(expected);
  }
});
