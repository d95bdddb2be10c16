import type { Code } from "./code.ts";
import type { Plan } from "./plan.ts";
import type { Lapses } from "./scene.ts";
import { type History, simulate } from "./simulation.ts";

/** Histories tried before the smallest that was found is good enough. */
const maxTries = 1500;
/** More rounds than any actor goes through. */
const maxRounds = 8;

/** A history that goes wrong, with little in it that need not be there, and the plan that leads to it. */
export interface Shrunk {
  readonly plan: Plan;
  readonly history: History;
}

/** Leaves out actors, then rounds of their lives, then faults, for as long as something still goes wrong. */
export async function shrink(code: Code, failed: History, lapses: Lapses): Promise<Shrunk> {
  let best: Shrunk = { plan: { seed: failed.seed }, history: failed };
  let tries = 0;
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (tries++ >= maxTries) return false;
    const history = await simulate(code, plan, lapses);
    if (history.violation === undefined) return false;
    best = { plan, history };
    return true;
  };
  for (let before = -1; before !== tries && tries < maxTries; ) {
    const found = best;
    for (const actor of [...failed.actors].reverse()) {
      const { absent = new Set() } = best.plan;
      if (!absent.has(actor)) await attempt({ ...best.plan, absent: new Set([...absent, actor]) });
    }
    for (const actor of failed.actors.filter((name) => !best.plan.absent?.has(name))) {
      const most = best.plan.rounds?.get(actor) ?? maxRounds;
      for (let rounds = 0; rounds < most; rounds++)
        if (await attempt({ ...best.plan, rounds: new Map([...(best.plan.rounds ?? []), [actor, rounds]]) })) break;
    }
    await spareFaults(() => best, attempt);
    before = best === found ? tries : -1;
  }
  return best;
}

/** Half of the faults, then quarters, then each. */
async function spareFaults(best: () => Shrunk, attempt: (plan: Plan) => Promise<boolean>): Promise<void> {
  for (let size = best().history.faults.length; size > 0; size >>= 1) {
    const { faults } = best().history;
    for (let at = 0; at < faults.length; at += size) {
      const { plan } = best();
      await attempt({ ...plan, spared: new Set([...(plan.spared ?? []), ...faults.slice(at, at + size)]) });
    }
  }
}
