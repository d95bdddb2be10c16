/** A thread that runs the histories that it is given, until it is told to stop: see `crew.ts`. */
import { parentPort } from "node:worker_threads";
import type { Batch, Done } from "./crew.ts";
import { search, withProduct } from "./search.ts";

const port = parentPort as NonNullable<typeof parentPort>;
const stop = new AbortController();
const batches: Batch[] = [];
let wake = () => {};

port.on("message", (message: Batch | "stop") => {
  if (message === "stop") stop.abort();
  else batches.push(message);
  wake();
});

await withProduct(async (product) => {
  while (!stop.signal.aborted) {
    const batch = batches.shift();
    if (batch === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    let histories = 0;
    const met: Record<string, number> = {};
    const failed = await search(
      product,
      batch.first,
      batch.count,
      (history) => {
        histories++;
        const tally = { ...history.tally, faults: history.faults.length, requests: history.requests };
        for (const [what, number] of Object.entries(tally)) met[what] = (met[what] ?? 0) + number;
      },
      stop.signal,
    );
    port.postMessage({ first: batch.first, histories, met, failed } satisfies Done);
  }
});
port.close();
