import type { Backend } from "@trunks/core";
import { type ContractCase, largeBodyBytes } from "../case.ts";
import { check } from "../check.ts";
import { checkPattern, patternSource } from "../pattern.ts";

/** Five times what a write and a read may need, so that a body held whole cannot hide behind uncollected garbage. */
const measuredBytes = 5 * largeBodyBytes;
const maxGrowthBytes = 3 * largeBodyBytes;

/** Reads a body of pattern `seed` by ranges, as many at once as the backend says help, and checks each. */
async function checkByRanges(backend: Backend, key: string, seed: number, size: number): Promise<void> {
  const { rangeSizeBytes, rangeConcurrency } = backend.capabilities;
  let next = 0;
  const worker = async () => {
    while (next < size) {
      const start = next;
      const end = Math.min(start + rangeSizeBytes, size);
      next = end;
      const content = await backend.get(key, { range: { start, end } });
      check(content !== undefined, `${key} is absent`);
      check(content.totalSize === size, `totalSize says ${content.totalSize} of ${size} bytes`);
      await checkPattern(content, seed, end, start);
    }
  };
  await Promise.all(Array.from({ length: rangeConcurrency }, worker));
}

async function checkStream(backend: Backend, key: string, seed: number, size: number): Promise<void> {
  const content = await backend.get(key);
  check(content !== undefined, `${key} is absent`);
  check(content.size === size, `size says ${content.size} of ${size} bytes`);
  await checkPattern(content, seed, size);
}

export const largeCases: readonly ContractCase[] = [
  {
    id: "large/64-mib",
    proves: "a body of 64 MiB is written from a source and read back, as a stream and by ranges, byte for byte",
    needs: ["largeBodies"],
    async run({ backend, prefix }) {
      const key = `${prefix}large`;
      check(await backend.create(key, patternSource(8, largeBodyBytes)), "create of an absent key answered false");
      await checkStream(backend, key, 8, largeBodyBytes);
      await checkByRanges(backend, key, 8, largeBodyBytes);
    },
  },
  {
    id: "large/memory",
    proves: "a body of 320 MiB is written and read in less than 192 MiB of memory",
    needs: ["largeBodies", "outsideProcess"],
    async run({ backend, prefix }) {
      const key = `${prefix}large`;
      const before = process.memoryUsage.rss();
      let peak = before;
      const measure = () => {
        peak = Math.max(peak, process.memoryUsage.rss());
      };
      const source = patternSource(9, measuredBytes);
      await backend.put(key, {
        size: measuredBytes,
        async *read(start, end) {
          for await (const chunk of source.read(start, end)) {
            measure();
            yield chunk;
          }
        },
      });
      const written = peak;
      for await (const _ of (await backend.get(key)) ?? []) measure();
      const [writing, reading] = [written - before, peak - before].map((bytes) => Math.round(bytes / 2 ** 20));
      check(peak - before < maxGrowthBytes, `memory grew by ${writing} MiB in writing, ${reading} MiB after reading`);
    },
  },
];
