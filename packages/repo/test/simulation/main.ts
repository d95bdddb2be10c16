/**
 * `npm run simulate -- [--seed SEED] [--histories COUNT] [--jobs THREADS] [--ledger FILE]`: histories of one trunk, from a seed on;
 * from a fresh one unless it is given, or behind those of the ledger, which takes down what was run. SIGTERM ends it with an account
 * of what was done; SIGSTOP does no harm. The first history that breaks a promise is shrunk and told. `--mutants` asks whether the simulation finds each mutant
 * of the protocol, and after how many histories; `--mutant NAME` tells what one of them leads to.
 */
import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Done, runCrew } from "./crew.ts";
import { commitOfCode, Ledger } from "./ledger.ts";
import { maxSearch, mutants } from "./mutants.ts";
import { type Subject, search, withMutant, withProduct } from "./search.ts";
import { shrink } from "./shrink.ts";
import { type History, simulate } from "./simulation.ts";

/** So often it is said how far a run has come, and written down. */
const progressMs = 60_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    histories: { type: "string", default: "1000" },
    jobs: { type: "string", default: "1" },
    ledger: { type: "string" },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
  },
});

if (values.mutants) process.exitCode = await findMutants();
else if (values.mutant !== undefined) await explainMutant(values.mutant);
else process.exitCode = await simulateMany();

async function simulateMany(): Promise<number> {
  const ledger = values.ledger === undefined ? undefined : new Ledger(resolve(values.ledger));
  const first = values.seed === undefined ? (ledger?.nextSeed ?? randomInt(2 ** 31)) : Number(values.seed);
  const count = Number(values.histories);
  const commit = commitOfCode();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const met: Record<string, number> = {};
  let histories = 0;
  let violations: number[] = [];
  const hours = () => (process.cpuUsage().user + process.cpuUsage().system) / 3_600_000_000;
  const note = () => {
    const { decided: pushes = 0, faults = 0 } = met;
    if (histories > 0) ledger?.write({ commit, first, histories, pushes, faults, violations, hours: hours() });
    return `${histories} histories, ${(histories / (hours() * 3600)).toFixed(1)} a second of one core`;
  };
  say(`seeds ${first} to ${first + count - 1}`);
  let toldMs = Date.now();
  const take = (done: Done) => {
    histories += done.histories;
    for (const [what, number] of Object.entries(done.met)) met[what] = (met[what] ?? 0) + number;
    if (Date.now() - toldMs < progressMs) return;
    toldMs = Date.now();
    say(note());
  };
  const failed = await runCrew({ first, count }, Number(values.jobs), take, stop.signal);
  violations = failed === undefined ? [] : [failed.seed];
  const end = note();
  if (failed !== undefined) await withProduct((product) => explain(product, failed));
  say(`met: ${told(met)}`);
  say(`${end}; ${failed === undefined ? "no promise was broken" : `seed ${failed.seed} breaks a promise`}`);
  return failed === undefined ? 0 : 1;
}

function told(met: Readonly<Record<string, number>>): string {
  return Object.entries(met)
    .map(([what, number]) => `${what} ${number}`)
    .join(", ");
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
