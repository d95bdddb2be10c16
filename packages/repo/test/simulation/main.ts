/**
 * `npm run simulate -- [--seed SEED] [--histories COUNT]`: histories of one trunk, from a seed on; from a fresh one unless
 * it is given. The first that breaks a promise is shrunk and told. `--mutants` asks whether the simulation finds each mutant
 * of the protocol, and after how many histories; `--mutant NAME` tells what one of them leads to.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { maxSearch, mutants } from "./mutants.ts";
import { type Subject, search, withMutant, withProduct } from "./search.ts";
import { shrink } from "./shrink.ts";
import { type History, simulate } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    histories: { type: "string", default: "1000" },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});

if (values.mutants) process.exitCode = await findMutants();
else if (values.mutant !== undefined) await explainMutant(values.mutant);
else {
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  process.exitCode = await withProduct((product) => simulateMany(product, seed, Number(values.histories)));
}

async function simulateMany(product: Subject, first: number, count: number): Promise<number> {
  say(`seeds ${first} to ${first + count - 1}`);
  const before = process.cpuUsage();
  const tally: Record<string, number> = {};
  let done = 0;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const add = (history: History) => {
    for (const [what, number] of Object.entries(history.tally)) tally[what] = (tally[what] ?? 0) + number;
    if (++done % 10_000 === 0) say(`${done} histories`);
  };
  const failed = await search(product, first, count, add, stop.signal);
  const { user, system } = process.cpuUsage(before);
  const minutes = (user + system) / 60_000_000;
  if (failed !== undefined) await explain(product, failed);
  say(
    `met: ${Object.entries(tally)
      .map(([what, number]) => `${what} ${number}`)
      .join(", ")}`,
  );
  say(
    `${done} histories, ${Math.round(done / minutes)} a minute of one core; ${failed === undefined ? "no promise was broken" : `seed ${failed.seed} breaks a promise`}`,
  );
  return failed === undefined ? 0 : 1;
}

async function findMutants(): Promise<number> {
  let missed = 0;
  for (const mutant of mutants) {
    const failed = await withMutant(mutant, (subject) => search(subject, 0, maxSearch));
    if (failed === undefined) missed++;
    const found =
      failed === undefined
        ? `NOT FOUND in ${maxSearch} histories`
        : `found in history ${failed.seed + 1}: ${firstLine(failed)}`;
    say(`${mutant.name.padEnd(16)} ${found}`);
  }
  say(`${mutants.length - missed} of ${mutants.length} mutants were found`);
  return missed === 0 ? 0 : 1;
}

async function explainMutant(name: string): Promise<void> {
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`mutants: ${mutants.map((each) => each.name).join(", ")}`);
  say(`without the rule that ${mutant.rule}:`);
  await withMutant(mutant, async (subject) => {
    const failed = await search(subject, 0, maxSearch);
    if (failed !== undefined) await explain(subject, failed);
  });
}

/** Tells the smallest history that still goes wrong. */
async function explain({ codeOf, lapses }: Subject, failed: History): Promise<void> {
  const code = codeOf(failed.seed);
  say(`seed ${failed.seed}: ${failed.violation}\nlooking for a smaller history …`);
  const { plan } = await shrink(code, failed, lapses);
  const notes: string[] = [];
  const { faults, actors } = await simulate(code, plan, lapses, notes);
  for (const note of notes) say(note);
  const present = actors.filter((actor) => !plan.absent?.has(actor));
  say(
    `with ${present.join(", ")} and ${faults.length} faults, of ${failed.actors.length} actors and ${failed.faults.length} faults`,
  );
}

function firstLine({ violation = "" }: History): string {
  return violation.split("\n")[0] as string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
