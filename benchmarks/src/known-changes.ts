/**
 * `node known-changes.ts PATH ROUNDS`, in a worktree: checkpoints by a process that knows which file was changed, as one that
 * watches the folder does. Prints one line of JSON: what each took, in milliseconds, without the first.
 */
import { appendFileSync } from "node:fs";
import { makeCheckpoint } from "../../apps/cli/src/checkpoint/checkpoint.ts";
import { findWorktree } from "../../apps/cli/src/checkpoint/worktree.ts";

const [path = "", rounds = "1"] = process.argv.slice(2);
const { signal } = new AbortController();
const times: number[] = [];
for (let round = 0; round <= Number(rounds); round++) {
  appendFileSync(path, `known ${round}\n`);
  const startMs = performance.now();
  const { created } = await makeCheckpoint(await findWorktree(signal), {
    message: "one",
    changedPaths: [path],
    signal,
  });
  if (!created) throw new Error("nothing had changed");
  if (round > 0) times.push(performance.now() - startMs);
}
process.stdout.write(`${JSON.stringify(times)}\n`);
