import type { RunSuite } from "../src/suite.ts";

/** A suite whose cases end in every way. */
export const run: RunSuite<{ readonly ending: string }> = async ({ data, bindings }, report) => {
  report({ name: "passes", status: "passed" });
  report({ name: "has a bucket", status: bindings?.BUCKET === undefined ? "failed" : "passed", error: "it has none" });
  report({ name: "is skipped", status: "skipped", reason: "not here" });
  if (data.ending === "throws") throw new Error("the suite itself");
};
