import { SeededRandom } from "../seeded-random.ts";

/** What people are like in one history, as probabilities: in some nearly nobody does what in others most do. */
export interface Habits {
  /** That a push deletes its branch. */
  readonly deletes: number;
  /** That time passes between what is read and what is made of it: a push, or a pack of upkeep. */
  readonly dawdles: number;
  /** That a thin pack is against what another branch has. */
  readonly strays: number;
}

export function habitsOf(seed: number): Habits {
  const random = new SeededRandom(seed ^ 0xabcdef);
  return {
    deletes: random.pick([0.1, 0.2, 0.5]),
    dawdles: random.pick([0.1, 0.2, 0.6]),
    strays: random.pick([0, 0.1, 0.5]),
  };
}
