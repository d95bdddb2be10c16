/**
 * What decides a history, to the last byte: the seed, and what of it is left out. Shrinking leaves out as much as it can.
 */
export interface Plan {
  readonly seed: number;
  /** Actors that do nothing, by name. */
  readonly absent?: ReadonlySet<string>;
  /** Faults that do not happen, by the names that the world gives them. */
  readonly spared?: ReadonlySet<string>;
  /** Rounds that an actor goes through, at most, by its name: a push of a writer, a fetch of a reader. */
  readonly rounds?: ReadonlyMap<string, number>;
}
