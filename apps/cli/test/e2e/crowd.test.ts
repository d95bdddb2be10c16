import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeTrunk } from "../support/repository.ts";

const count = 32;
/**
 * Of each push, on the average. In whatever order they come, each has to read the records of those before it, and that is most of
 * it: where nobody carried anybody, 32 pushes would read 16 each.
 */
const maxRequestsEach = 32;

let sandbox: FaultySandbox;
beforeAll(() => {
  sandbox = new FaultySandbox();
});
afterAll(() => sandbox.remove());

test(`${count} \`git push\` at once, from clones that know the same state, ask the store for little`, async () => {
  await makeTrunk(sandbox);
  await sandbox.git(["clone", "-q", sandbox.faultyUrl(), "writer"]);
  const id = await commit(sandbox, "writer", "one more");
  const folders = Array.from({ length: count }, (_, index) => `writer-${index}`);
  for (const folder of folders) {
    cpSync(join(sandbox.path, "writer"), join(sandbox.path, folder), { recursive: true });
  }
  sandbox.plan();
  await Promise.all(
    folders.map((folder) => sandbox.git(["push", "-q", "origin", `main:refs/heads/${folder}`], { folder })),
  );
  expect(sandbox.requests().length / count).toBeLessThan(maxRequestsEach);
  const listed = await sandbox.git(["ls-remote", "-q", sandbox.trunkUrl(), "refs/heads/writer-*"]);
  expect(listed.split("\n")).toEqual(folders.toSorted().map((folder) => `${id}\trefs/heads/${folder}`));
});
