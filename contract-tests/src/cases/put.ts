import type { ContractCase } from "../case.ts";
import { check, checkEqual } from "../check.ts";
import { checkListed } from "../listing.ts";
import { patternBytes, patternSource } from "../pattern.ts";
import { checkStored, createAll, read, smallBody } from "../transfer.ts";
import { watchWhile } from "../turn.ts";

const mebibyte = 2 ** 20;

/** Fails unless `bytes` is whole one of the patterns below `seeds`. */
function checkOneOf(bytes: Uint8Array | undefined, seeds: number, size: number): void {
  check(bytes !== undefined, "a key that was never deleted is absent");
  check(bytes.length === size, `${bytes.length} of ${size} bytes came back`);
  const whole = Array.from({ length: seeds }, (_, seed) => patternBytes(seed, size)).some((pattern) =>
    pattern.every((byte, index) => byte === bytes[index]),
  );
  check(whole, "the bytes are a mixture of several bodies");
}

export const putCases: readonly ContractCase[] = [
  {
    id: "put/absent",
    proves: "put writes an absent key, from memory or from a source",
    async run({ backend, prefix }) {
      await backend.put(`${prefix}folder/memory`, smallBody("put"));
      await checkStored(backend, `${prefix}folder/memory`, smallBody("put"));
      await backend.put(`${prefix}source`, patternSource(4, 300_000));
      await checkStored(backend, `${prefix}source`, patternBytes(4, 300_000));
      await backend.put(`${prefix}empty`, new Uint8Array(0));
      await checkStored(backend, `${prefix}empty`, new Uint8Array(0));
    },
  },
  {
    id: "put/overwrites",
    proves: "after a put, longer or shorter, its own client reads the new bytes",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await createAll(backend, [key]);
      for (const size of [1000, 100_000, 10, 0, 500]) {
        await backend.put(key, patternBytes(size, size));
        await checkStored(backend, key, patternBytes(size, size));
      }
    },
  },
  {
    id: "put/listed",
    proves: "after a put the list shows the key once, with the new size",
    needs: ["promptList"],
    async run(context) {
      const key = `${context.prefix}key`;
      for (const size of [100, 7, 4000]) {
        await context.backend.put(key, patternBytes(1, size));
        const listed = await checkListed(context, context.prefix, [key]);
        checkEqual(listed[0]?.size, size, "the listed size");
      }
    },
  },
  {
    id: "put/race",
    proves: "of 16 puts to one key all succeed and one body stays, whole",
    async run({ prefix, clients }) {
      const opened = await clients(4);
      const key = `${prefix}key`;
      await Promise.all(
        Array.from({ length: 16 }, (_, seed) => opened[seed % opened.length]!.put(key, patternBytes(seed, 50_000))),
      );
      checkOneOf(await read(opened[0]!, key), 16, 50_000);
    },
  },
  {
    id: "put/readers",
    proves: "while a key is overwritten, readers see the old body or the new one, whole",
    async run({ prefix, rounds, clients }) {
      const [writer, reader] = await clients(2);
      const key = `${prefix}key`;
      await writer!.put(key, patternBytes(0, mebibyte));
      for (let round = 0; round < rounds; round++) {
        await watchWhile(writer!.put(key, patternSource((round + 1) % 2, mebibyte)), async () => {
          checkOneOf(await read(reader!, key), 2, mebibyte);
        });
      }
    },
  },
];
