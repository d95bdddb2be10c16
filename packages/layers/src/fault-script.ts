import type { Operation, TrunksError } from "@trunks/core";

/** Before or after the request had its effect; a get and a list have none, and for them both mean before. */
type Moment = "before" | "after";

/** What goes wrong with one request. */
export type Fault =
  /** Throws `error`; default a retryable `UNAVAILABLE`. */
  | { readonly kind: "fail"; readonly when: Moment; readonly error?: TrunksError }
  | { readonly kind: "delay"; readonly when: Moment; readonly ms: number }
  /** Calls the `crash` function; should that come back, the request is never answered. */
  | { readonly kind: "crash"; readonly when: Moment }
  /** No answer until the signal is raised; without a signal, never. */
  | { readonly kind: "hang"; readonly when: Moment }
  /** Get only: the body breaks with a retryable `UNAVAILABLE` after so many bytes. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Writes only: the effect happens, and `OUTCOME_UNKNOWN` is thrown. */
  | { readonly kind: "lost-answer" }
  /**
   * Writes only: `OUTCOME_UNKNOWN` is thrown, and the effect happens just before the request that comes `afterRequests`
   * later (1 is the next one), or at `settle()`. A body that is a source must stay readable until then.
   */
  | { readonly kind: "late-effect"; readonly afterRequests?: number }
  /** Writes only: done twice, one after the other, as by a proxy. Which answer arrives; default the first. */
  | { readonly kind: "duplicate"; readonly answer?: "first" | "second" };

export interface FaultRequest {
  /** Place in the order of starts, from 0. */
  readonly index: number;
  readonly operation: Operation;
  /** The key, the keys of a delete, or for a list its prefix. */
  readonly keys: readonly string[];
}

/** Decides over a request; `undefined` lets it pass. */
export type FaultScript = (request: FaultRequest) => Fault | undefined;

/** A fault and the requests it strikes: those for which everything that is given here holds, and that it can strike. */
export interface FaultRule {
  readonly fault: Fault;
  readonly index?: number;
  readonly operation?: Operation;
  /** One of the request's keys. */
  readonly key?: string | RegExp;
  /** So many such requests pass first. Default 0. */
  readonly skip?: number;
  /** Then so many are struck. Default 1. */
  readonly times?: number;
}

/** Strikes each request with the given probability (0 to 1), with one of `faults` that it can suffer. Replays by seed. */
export function randomFaults(options: {
  readonly seed: number;
  readonly probability: number;
  readonly faults: readonly Fault[];
}): FaultScript {
  const random = seededRandom(options.seed);
  return ({ operation }) => {
    const possible = options.faults.filter((fault) => canStrike(fault, operation));
    if (random() >= options.probability) return undefined;
    return possible[Math.floor(random() * possible.length)];
  };
}

/** Of several rules the first that holds decides. */
export function ruledFaults(rules: readonly FaultRule[]): FaultScript {
  const counts = rules.map(() => 0);
  return (request) => {
    for (const [place, rule] of rules.entries()) {
      if (!holds(rule, request)) continue;
      const { skip = 0, times = 1 } = rule;
      const count = counts[place] as number;
      counts[place] = count + 1;
      if (count >= skip && count < skip + times) return rule.fault;
    }
    return undefined;
  };
}

function holds(rule: FaultRule, request: FaultRequest): boolean {
  const { index = request.index, operation = request.operation, key } = rule;
  if (index !== request.index || operation !== request.operation || !canStrike(rule.fault, operation)) return false;
  return (
    key === undefined || request.keys.some((one) => (typeof key === "string" ? one === key : one.search(key) !== -1))
  );
}

export function canStrike(fault: Fault, operation: Operation): boolean {
  if (fault.kind === "cut") return operation === "get";
  if ("when" in fault) return true;
  return operation !== "get" && operation !== "list";
}

/** Mulberry32: small, and good enough to choose faults. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
