/** How often things go wrong, as probabilities for each request. */
export interface Weather {
  /** The client dies: before the request, or with its effect. */
  readonly crash: number;
  readonly lostAnswer: number;
  readonly unavailable: number;
  /** The store asks for fewer requests. */
  readonly throttled: number;
  /** A client stands still, for up to a week of grace times. */
  readonly sleep: number;
  /** From now on nearly nothing of one client gets through, for longer than anyone cares to wait. */
  readonly storm: number;
  /** The client's clock is set, perhaps to another year. */
  readonly clockJump: number;
  /** Listings do not show what came in the last so many milliseconds. */
  readonly listDelayMs: number;
}

export const calm: Weather = {
  crash: 0,
  lostAnswer: 0,
  unavailable: 0,
  throttled: 0,
  sleep: 0,
  storm: 0,
  clockJump: 0,
  listDelayMs: 0,
};

/** Mostly fair; foul in every eighth history; and in every fourth listings are late. */
export function weatherOf(seed: number): Weather {
  const listDelayMs = seed % 4 === 3 ? (30 * seed) % 10_000 : 0;
  const often = seed % 8 === 5 ? 4 : 1;
  return {
    crash: 0.003,
    lostAnswer: 0.03 * often,
    unavailable: 0.01 * often,
    throttled: 0.005 * often,
    sleep: 0.01 * often,
    storm: 0.004,
    clockJump: 0.01,
    listDelayMs,
  };
}

/** The weather where mirrors are: what does not get through there is what they are about. */
export function rougher(weather: Weather): Weather {
  const { unavailable, lostAnswer, storm } = weather;
  return { ...weather, unavailable: 4 * unavailable, lostAnswer: 2 * lostAnswer, storm: 4 * storm };
}
