import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { History } from "./simulation.ts";

/** Seeds that one thread runs, one after the other. */
export interface Batch {
  readonly first: number;
  readonly count: number;
}

/** What came of a batch: fewer histories when it was stopped, or when one broke a promise. */
export interface Done {
  readonly first: number;
  readonly histories: number;
  /** How often what happened. */
  readonly met: Readonly<Record<string, number>>;
  readonly failed: History | undefined;
}

/** In histories: so many are lost at most, for each thread but one, when a run is stopped. */
const batchSize = 200;

/** Room for what is thrown away soon, which is nearly everything, in MiB. */
const resourceLimits = { maxYoungGenerationSizeMb: 192 };

/**
 * Runs `count` histories from seed `first` on in `jobs` threads, until one breaks a promise or `signal` is raised. What is told to
 * `onDone` comes in the order of seeds and without a gap: what other threads did behind a gap does not count.
 */
export async function runCrew(
  { first, count }: Batch,
  jobs: number,
  onDone: (done: Done) => void,
  signal: AbortSignal,
): Promise<History | undefined> {
  const waiting = new Map<number, Done>();
  let next = first;
  let told = first;
  let failed: History | undefined;
  const isOver = () => signal.aborted || failed !== undefined || next >= first + count;

  function take(done: Done): void {
    waiting.set(done.first, done);
    for (let one = waiting.get(told); one !== undefined; one = waiting.get(told)) {
      onDone(one);
      failed ??= one.failed;
      told += one.histories;
    }
  }

  async function work(): Promise<void> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { resourceLimits });
    const stop = () => worker.postMessage("stop");
    signal.addEventListener("abort", stop);
    try {
      await new Promise<void>((resolve, reject) => {
        const goOn = () => {
          if (isOver()) return resolve();
          worker.postMessage({ first: next, count: Math.min(batchSize, first + count - next) } satisfies Batch);
          next += batchSize;
        };
        worker.on("error", reject);
        worker.on("message", (done: Done) => {
          take(done);
          goOn();
        });
        goOn();
      });
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
      // It has a copy of the code to remove.
      if (worker.threadId !== -1) await once(worker, "exit");
    }
  }

  await Promise.all(Array.from({ length: jobs }, work));
  return failed;
}
