import type { ContractCase } from "../case.ts";
import { check } from "../check.ts";
import { checkPattern, patternBytes } from "../pattern.ts";
import { checkAbsent, checkStored, createAll, smallBody } from "../transfer.ts";

const mebibyte = 2 ** 20;

export const getCases: readonly ContractCase[] = [
  {
    id: "get/absent",
    proves: "get of an absent key answers undefined, with and without neighbours",
    probe: true,
    async run({ backend, prefix }) {
      await checkAbsent(backend, `${prefix}nothing/here`);
      await createAll(backend, [`${prefix}here/some`]);
      await checkAbsent(backend, `${prefix}here/som`);
      await checkAbsent(backend, `${prefix}here/some2`);
    },
  },
  {
    id: "get/prefix",
    proves: "get of a key's prefix, and of something below a key, answers undefined",
    async run({ backend, prefix }) {
      await createAll(backend, [`${prefix}folder/key`]);
      await checkAbsent(backend, `${prefix}folder`);
      await checkAbsent(backend, `${prefix}folder/key/below`);
    },
  },
  {
    id: "get/other-client",
    proves: "what one client has created, another reads at once",
    async run({ prefix, rounds, clients }) {
      const [writer, reader] = await clients(2);
      for (let round = 0; round < rounds; round++) {
        const key = `${prefix}${round}`;
        // A client that remembers absence must not remember it for ever.
        await checkAbsent(reader!, key);
        await createAll(writer!, [key]);
        await checkStored(reader!, key, smallBody(key));
      }
    },
  },
  {
    id: "get/stream",
    proves: "a body can be taken whole or as a stream, and by many readers at once",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await backend.create(key, patternBytes(3, 3 * mebibyte));
      await Promise.all(
        Array.from({ length: 8 }, async (_, reader) => {
          if (reader % 2 === 0) return checkStored(backend, key, patternBytes(3, 3 * mebibyte));
          const content = await backend.get(key);
          check(content !== undefined, `${key} is absent`);
          await checkPattern(content, 3, 3 * mebibyte);
        }),
      );
    },
  },
  {
    id: "get/cancel",
    proves: "an answer can be given up before and while it is read",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await backend.create(key, patternBytes(3, 3 * mebibyte));
      for (let round = 0; round < 32; round++) {
        await (await backend.get(key))?.cancel();
        for await (const _ of (await backend.get(key)) ?? []) break;
      }
      await checkStored(backend, key, patternBytes(3, 3 * mebibyte));
    },
  },
];
