import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const script = `
import { registerHooks } from "node:module";
const urls = [];
registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
await import(${JSON.stringify(join(import.meta.dirname, "..", "src", "index.ts"))});
process.stdout.write(JSON.stringify(urls));
`;

test("importing the SDK loads no backend, nothing of URLs, nothing that merges texts, and none of Node's modules", () => {
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const urls = JSON.parse(output) as string[];
  const packages = urls.flatMap((url) => /\/packages\/([^/]+)\/src\//.exec(url)?.[1] ?? []);
  expect(new Set(packages)).toEqual(new Set(["core", "repo", "sdk"]));
  expect(
    urls.filter((url) => /packages\/repo\/src\/(index|selection|upkeep\/(compact|collect|sweep)\.ts)/.test(url)),
  ).toEqual([]);
  expect(urls.filter((url) => url.includes("node_modules"))).toEqual([]);
  expect(urls.filter((url) => url.startsWith("node:"))).toEqual([]);
});
