import type { Backend } from "@trunks/core";
import { SeededRandom } from "../seeded-random.ts";
import { visited } from "../wrapped-backend.ts";

/** Makes every request wait for its turn, so that a test decides in which order they happen. */
class Turnstile {
  readonly #waiting: (() => void)[] = [];

  /** The same store, seen by one client. */
  enter(backend: Backend): Backend {
    return visited(backend, async (_, send) => {
      await new Promise<void>((go) => this.#waiting.push(go));
      return send();
    });
  }

  /** Lets one request after the other pass, `choose` of those that wait, until none comes any more. */
  async run(choose: (count: number) => number): Promise<void> {
    for (;;) {
      // Everything that can run without an answer has run when this comes back.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#waiting.length === 0) return;
      const [go] = this.#waiting.splice(choose(this.#waiting.length), 1);
      go?.();
    }
  }
}

/** Orders that are tried one after the other, and then by chance, when there are more. */
const maxRuns = 400;

/**
 * Runs `scene` once for each order in which the requests of its clients can happen, or for a great many when there are more.
 * Answers how many it were.
 */
export async function everyInterleaving(
  scene: (enter: Turnstile["enter"]) => Promise<() => Promise<void>>,
): Promise<number> {
  const random = new SeededRandom(1);
  let choices: { chosen: number; count: number }[] = [];
  for (let runs = 1; ; runs++) {
    const turnstile = new Turnstile();
    const check = await scene((backend) => turnstile.enter(backend));
    let at = 0;
    await turnstile.run((count) => {
      if (runs > maxRuns) return random.between(0, count);
      choices[at] ??= { chosen: 0, count };
      return choices[at++]?.chosen as number;
    });
    await check();
    if (runs === 2 * maxRuns) return runs;
    if (runs >= maxRuns) continue;
    choices = choices.slice(0, at);
    choices = choices.slice(0, choices.findLastIndex(({ chosen, count }) => chosen + 1 < count) + 1);
    const last = choices.at(-1);
    if (last === undefined) return runs;
    last.chosen++;
  }
}

/** Runs `scene` for some of those orders, where there are too many: chosen at random, and the same each time. */
export async function someInterleavings(
  count: number,
  scene: (enter: Turnstile["enter"], random: SeededRandom) => Promise<() => Promise<void>>,
): Promise<void> {
  for (let seed = 0; seed < count; seed++) {
    const random = new SeededRandom(seed);
    const turnstile = new Turnstile();
    const check = await scene((backend) => turnstile.enter(backend), random);
    await turnstile.run((waiting) => random.between(0, waiting - 1));
    await check();
  }
}
