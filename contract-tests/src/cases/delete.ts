import type { ContractCase } from "../case.ts";
import { checkListed } from "../listing.ts";
import { checkAbsent, checkStored, createAll, forEach, smallBody } from "../transfer.ts";

export const deleteCases: readonly ContractCase[] = [
  {
    id: "delete/removes",
    proves: "a deleted key is absent",
    probe: true,
    async run({ prefix, clients }) {
      const [first, second] = await clients(2);
      const key = `${prefix}folder/key`;
      await createAll(first!, [key]);
      await first!.delete([key]);
      await checkAbsent(first!, key);
      await checkAbsent(second!, key);
    },
  },
  {
    id: "delete/absent",
    proves: "to delete absent keys, one key twice, or no keys is no error",
    async run({ backend, prefix }) {
      const key = `${prefix}folder/key`;
      await backend.delete([]);
      await backend.delete([`${prefix}absent`, key]);
      await createAll(backend, [key]);
      await backend.delete([`${prefix}folder/absent`, key, key, `${key}/below`]);
      await backend.delete([key]);
      await checkAbsent(backend, key);
    },
  },
  {
    id: "delete/many",
    proves: "2,500 keys, absent ones among them, are deleted in one call",
    async run(context) {
      const { backend, prefix } = context;
      const keys = Array.from({ length: 2500 }, (_, index) => `${prefix}${index % 5}/key${index}`);
      const present = keys.filter((_, index) => index % 2 === 0 || index > 2400);
      await createAll(backend, [...present, `${prefix}kept`]);
      await backend.delete(keys);
      await checkListed(context, prefix, [`${prefix}kept`]);
      await forEach([...keys.slice(0, 20), ...keys.slice(-20)], (key) => checkAbsent(backend, key));
    },
  },
  {
    id: "delete/neighbours",
    proves: "delete takes the keys it names, and none that begin or continue alike",
    async run(context) {
      const { backend, prefix } = context;
      const kept = ["a/bc", "a/b-c", "a/b.c", "a/b0", "a/B", "ab", "folder/key"].map((name) => prefix + name);
      await createAll(backend, [...kept, `${prefix}a/b`]);
      await backend.delete([`${prefix}a/b`, `${prefix}folder`]);
      await forEach(kept, (key) => checkStored(backend, key, smallBody(key)));
      await checkListed(context, prefix, kept);
    },
  },
];
