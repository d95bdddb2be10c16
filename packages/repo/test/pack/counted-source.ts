import { TrunksError } from "@trunks/core";
import type { PackRange } from "../../src/pack/pack-blocks.ts";
import type { PackSource } from "../../src/pack/pack-source.ts";

export interface CountedSource extends PackSource {
  readonly requests: readonly PackRange[];
  readonly indexRequests: number;
}

/** A source that remembers what it was asked for, and answers later as a store does. */
export function countedSource(source: PackSource): CountedSource {
  const requests: PackRange[] = [];
  let indexRequests = 0;
  return {
    ...source,
    requests,
    get indexRequests() {
      return indexRequests;
    },
    async index(options) {
      indexRequests++;
      await new Promise((resolve) => setImmediate(resolve));
      if (options?.signal?.aborted) throw new TrunksError("ABORTED", "aborted");
      return source.index(options);
    },
    async read(start, end, options) {
      requests.push({ start, end });
      await new Promise((resolve) => setImmediate(resolve));
      if (options?.signal?.aborted) throw new TrunksError("ABORTED", "aborted");
      return source.read(start, end, options);
    },
  };
}
