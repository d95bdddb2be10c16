/**
 * `node checkpoint-work.ts URL PATH ROUNDS`: checkpoints, branches and rollbacks of a trunk by a process that holds its state.
 * Prints one line of JSON: what each took, in milliseconds, without the first round.
 */
import { Trunk } from "@trunks/sdk";

const [url = "", path = "", rounds = "1"] = process.argv.slice(2);
const author = { name: "Bench", email: "bench@example.org" };
const trunk = await Trunk.open(url, { author });
const before = await trunk.read(path);
if (before === undefined) throw new Error(`there is no ${path}`);
const times: { [name: string]: number[] } = { checkpoint: [], checkpointHere: [], branch: [], rollback: [] };

async function timed(name: string, round: number, action: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await action();
  if (round > 0) times[name]?.push(performance.now() - startMs);
}

const mark = `${process.pid}-${Date.now()}`;
for (let round = 0; round <= Number(rounds); round++) {
  const old = trunk.head as string;
  await trunk.write(path, `${before}${mark} ${round} here\n`);
  await timed("checkpointHere", round, () => trunk.checkpoint({ message: "here", push: false }));
  await trunk.push();
  await trunk.write(path, `${before}${mark} ${round}\n`);
  await timed("checkpoint", round, () => trunk.checkpoint({ message: "one file" }));
  await timed("branch", round, () => trunk.branches.create({ name: `agent/${mark}-${round}`, from: "main" }));
  await timed("rollback", round, () => trunk.rollback({ to: old }));
}
await trunk.close();
process.stdout.write(`${JSON.stringify(times)}\n`);
