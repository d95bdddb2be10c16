import type { Sandbox } from "../support/sandbox.ts";
import { Comparison } from "./comparison.ts";
import { row } from "./history.ts";
import * as here from "./operations-local.ts";
import * as there from "./operations-remote.ts";
import { Random } from "./random.ts";
import { local, push } from "./step.ts";
import { type Operation, World } from "./world.ts";

/** Operations in turns: something is made, pushed and read back. Those that stand several times are tried more often. */
const turns: readonly (readonly Operation[])[] = [
  [here.makeCommits],
  [here.makeCommits, here.makeTag, here.makeTag, here.makeNote, here.forgetRef, here.collectGarbage],
  [there.pushSome, there.pushSome, there.pushSome, there.pushMany, there.pushDeletion],
  [
    ...[there.fetchAll, there.fetchAll, there.fetchSome, there.changeDepth],
    ...[there.makeClone, there.makeClone, there.checkOut, there.listRemote],
  ],
  [there.fetchAll, there.fetchSome, there.changeDepth, there.pushMany, there.pushSome],
];

/** Runs a sequence of operations that the seed decides. Throws `Divergence` when the sides do not do the same. */
export async function runProgram(sandbox: Sandbox, seed: number, operationCount: number): Promise<Comparison> {
  const random = new Random(seed);
  const objects = random.oneIn(8) ? "sha256" : "sha1";
  const comparison = await Comparison.begin(sandbox, `seed-${seed}`, { objects });
  const world = new World(comparison, random);
  await comparison.run(
    local("", "init", "-q", `--object-format=${objects}`, "work"),
    local("work", "remote", "add", "origin", "{remote}"),
    row("work", "refs/heads/main", 1 + random.below(4)),
    push("work", "origin", "main"),
  );
  for (let count = 0; count < operationCount && !comparison.over; count++) {
    const steps = await random.pick(turns[count % turns.length] as readonly Operation[])(world);
    for (const step of steps) if (!comparison.over) await comparison.run(step);
  }
  if (!comparison.over) await comparison.run(...there.ending(world));
  return comparison;
}
