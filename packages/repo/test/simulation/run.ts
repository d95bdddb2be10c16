import { parseArgs } from "node:util";
import { type Code, ownCode, withPatchedCode } from "./code.ts";
import { mutants, smallWindow } from "./mutants.ts";
import { simulate } from "./simulation.ts";

/**
 * Many histories: `pnpm simulate [--first SEED] [--count COUNT] [--small] [--mutant NAME]`, in the folder of
 * the package. `--small` makes the window of remembered verdicts small enough to be met.
 */
const { values } = parseArgs({
  options: {
    first: { type: "string", default: "0" },
    count: { type: "string", default: "1000" },
    small: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});
const mutant = mutants.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && mutant === undefined)
  throw new Error(`mutants: ${mutants.map(({ name }) => name).join(", ")}`);
const patches = [...(values.small ? smallWindow : []), ...(mutant?.patches ?? [])];
if (patches.length === 0) await run(ownCode);
else await withPatchedCode(patches, run);

async function run(code: Code): Promise<void> {
  const first = Number(values.first);
  const startMs = performance.now();
  const tally: Record<string, number> = {};
  let violations = 0;
  for (let seed = first; seed < first + Number(values.count); seed++) {
    const history = await simulate(code, seed, mutant?.lapses);
    for (const [what, number] of Object.entries(history.tally)) tally[what] = (tally[what] ?? 0) + number;
    if (history.violation === undefined) continue;
    violations++;
    if (violations <= 5) process.stdout.write(`seed ${seed}: ${history.violation}\n`);
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`${violations} of ${values.count} histories violated, ${seconds} s\n${JSON.stringify(tally)}\n`);
  process.exitCode = violations === 0 || mutant !== undefined ? 0 : 1;
}
