import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { bundle } from "../src/bundle.ts";
import { type RuntimeName, runtimeNames } from "../src/catalog.ts";
import { programOf } from "../src/program.ts";
import { runSuite } from "../src/run.ts";

const entry = join(import.meta.dirname, "sample-suite.ts");

async function programFor(context: TestContext, runtime: RuntimeName): Promise<string> {
  return (await programOf(runtime)) ?? context.skip("this machine cannot have the runtime");
}

describe.each(runtimeNames)("%s", (runtime) => {
  test("reports what became of each case", async (context) => {
    const program = await programFor(context, runtime);
    const outcomes = await runSuite(runtime, program, entry, { ending: "well" });
    const inWorker = runtime === "workerd";
    expect(outcomes.map(({ name, status }) => [name, status])).toEqual([
      ["passes", "passed"],
      ["has a bucket", inWorker ? "passed" : "failed"],
      ["is skipped", "skipped"],
    ]);
  });

  test("fails when the suite itself does", async (context) => {
    const program = await programFor(context, runtime);
    await expect(runSuite(runtime, program, entry, { ending: "throws" })).rejects.toThrow("the suite itself");
  });
});

test("a Worker's bundle has no room for Node's modules", async () => {
  const contents = 'import { readFileSync } from "node:fs"; console.log(readFileSync);';
  await expect(bundle("workerd", { contents, folder: import.meta.dirname })).rejects.toThrow("node:fs");
});
