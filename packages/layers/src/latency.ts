import type { Backend } from "@trunks/core";
import { type Clock, systemClock } from "./clock.ts";
import { type BackendRequest, intercept } from "./intercept.ts";
import { watchContent } from "./watch-content.ts";

/** Times in milliseconds from a request's start to its answer, bodies aside. */
export interface LatencyOptions {
  /** To the first byte. Default 25. */
  readonly getMs?: number;
  /** Default 45. */
  readonly createMs?: number;
  /** Default 45. */
  readonly putMs?: number;
  /** Default 45. */
  readonly listMs?: number;
  /** Default 45. */
  readonly deleteMs?: number;
  /** How fast one body travels; others travel beside it. Default 85,000,000. */
  readonly bytesPerSecond?: number;
  /**
   * How much the times above vary: the standard deviation of their logarithm, of which they are the median then. A far
   * store has about 0.4. Default 0.
   */
  readonly spread?: number;
  /** Chance: numbers from 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/**
 * A model of a far store, for benchmarks and for rehearsing races on one machine. The defaults are S3's good days: 25 ms
 * for a get, 45 ms for a write or a listing, 85 MB/s a connection. The effect happens half-way: a request needs time
 * to arrive, and so does its answer.
 */
export function latency(backend: Backend, options: LatencyOptions = {}): Backend {
  const { getMs = 25, createMs = 45, putMs = 45, listMs = 45, deleteMs = 45, bytesPerSecond = 85e6 } = options;
  const { clock = systemClock, spread = 0, random = Math.random } = options;
  const roundTripMs = { get: getMs, create: createMs, put: putMs, list: listMs, delete: deleteMs };

  async function travel<Answer>(request: BackendRequest, send: (signal?: AbortSignal) => Promise<Answer>) {
    const halfMs = (roundTripMs[request.operation] * lognormal(spread, random)) / 2;
    await clock.sleep(halfMs + (request.bodyBytes / bytesPerSecond) * 1000, request.signal);
    const answer = await send(request.signal);
    await clock.sleep(halfMs, request.signal);
    return answer;
  }

  return intercept(backend, {
    call: travel,
    async get(request, send) {
      const content = await travel(request, send);
      if (content === undefined) return undefined;
      const startedMs = clock.now();
      let received = 0;
      return watchContent(content, {
        // Against the clock and not chunk by chunk: timers overshoot, and small chunks would add that up.
        async chunk(chunk) {
          received += chunk.length;
          const earlyMs = startedMs + (received / bytesPerSecond) * 1000 - clock.now();
          if (earlyMs >= 1) await clock.sleep(earlyMs, request.signal);
        },
      });
    },
  });
}

/** A factor around 1 whose logarithm is normally distributed (by the method of Box and Muller). */
function lognormal(spread: number, random: () => number): number {
  if (spread === 0) return 1;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(spread * normal);
}
