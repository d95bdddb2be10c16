import { compareKeys } from "@trunks/core";
import type { ContractCase } from "../case.ts";
import { check, checkEqual } from "../check.ts";
import { checkListed, listAll } from "../listing.ts";
import { patternBytes } from "../pattern.ts";
import { createAll } from "../transfer.ts";

/** Neighbours whose order differs between whole keys, folder by folder, and by alphabet. */
const siblings = ["A", "Z/1", "z_", "a-b", "a.b", "a/b", "a/c/d", "a0", "aB", "a_b", "ab", "b"].concat([
  "n/a-b/x",
  "n/a.b/x",
  "n/a/x",
  "n/a/y.z",
  "n/a0/x",
  "n/aa",
]);

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);

export const listCases: readonly ContractCase[] = [
  {
    id: "list/shows",
    proves: "a list shows the keys below a prefix, all levels deep, with their sizes",
    probe: true,
    async run(context) {
      const { backend, prefix } = context;
      const sizes = { "deep/er/one": 1, "deep/none": 0, some: 70_000 };
      for (const [name, size] of Object.entries(sizes)) await backend.create(prefix + name, patternBytes(1, size));
      const listed = await checkListed(
        context,
        prefix,
        Object.keys(sizes).map((name) => prefix + name),
      );
      const seen = Object.fromEntries(listed.map(({ key, size }) => [key.slice(prefix.length), size]));
      checkEqual(seen, sizes, "the listed sizes");
    },
  },
  {
    id: "list/prompt",
    proves: "a key is listed, for every client, as soon as its create or put has answered",
    needs: ["promptList"],
    async run(context) {
      const [first, second] = await context.clients(2);
      const keys: string[] = [];
      for (const key of numbered(context.prefix, 20)) {
        if (keys.push(key) % 2 === 0) await first!.put(key, new Uint8Array(1));
        else await first!.create(key, new Uint8Array(1));
        await checkListed(context, context.prefix, keys, second);
      }
    },
  },
  {
    id: "list/pages",
    proves: "2,500 keys come once each, in byte order, whatever the size of the pages",
    async run(context) {
      const { backend, prefix } = context;
      const keys = numbered(`${prefix}k`, 1250).concat(numbered(`${prefix}k0/`, 1250));
      await createAll(backend, keys);
      await checkListed(context, prefix, keys);
      for (const limit of [999, 1000, 400]) {
        const listed = (await listAll(backend, prefix, { limit })).map(({ key }) => key);
        checkEqual(listed.length, keys.length, `the number of keys in pages of ${limit}`);
        checkEqual(listed, [...keys].sort(compareKeys), `the keys in pages of ${limit}`);
      }
    },
  },
  {
    id: "list/order",
    proves: "neighbours such as a-b, a.b, a/b, a0 come in the byte order of whole keys, in pages of any size",
    async run(context) {
      const { backend, prefix } = context;
      const keys = siblings.map((name) => prefix + name).sort(compareKeys);
      await createAll(backend, keys);
      await checkListed(context, prefix, keys);
      for (const limit of [1, 2, 3, 5]) {
        const listed = (await listAll(backend, prefix, { limit })).map(({ key }) => key);
        checkEqual(listed, keys, `the keys in pages of ${limit}`);
      }
    },
  },
  {
    id: "list/after",
    proves: "a list begins behind `after`, whether or not that key exists",
    async run(context) {
      const { backend, prefix } = context;
      const keys = siblings.map((name) => prefix + name).sort(compareKeys);
      await createAll(backend, keys);
      await checkListed(context, prefix, keys);
      const absent = ["0", "a", "a-", "a-b-c", "a/a", "a/b/c", "a/c", "a1", "n", "n/a", "n/a/xx", "zzz"];
      const outside = [prefix.slice(0, -1), `${prefix.slice(0, -1)}0`];
      for (const after of [...keys, ...absent.map((name) => prefix + name), ...outside]) {
        const listed = (await listAll(backend, prefix, { after })).map(({ key }) => key);
        checkEqual(
          listed,
          keys.filter((key) => key > after),
          `the keys behind ${after}`,
        );
      }
    },
  },
  {
    id: "list/more",
    proves: "`more` is true while keys follow, and false in the end",
    async run(context) {
      const { backend, prefix } = context;
      const keys = numbered(prefix, 6);
      await createAll(backend, keys);
      await checkListed(context, prefix, keys);
      for (const after of [undefined, keys[1], keys[2]]) {
        const page = await backend.list(prefix, { after, limit: 2 });
        check(page.more, `more is false behind ${page.keys.at(-1)?.key}, and ${keys[5]} follows`);
      }
      const end = await backend.list(prefix, { after: keys[5] });
      checkEqual(end, { keys: [], more: false }, "the page behind the last key");
    },
  },
  {
    id: "list/prefix",
    proves: "a list keeps to its prefix, and the empty prefix holds everything",
    async run(context) {
      const { backend, prefix } = context;
      const inside = [`${prefix}in/a`, `${prefix}in/b/c`];
      await createAll(backend, [...inside, `${prefix}in-side/x`, `${prefix}in.x`, `${prefix}in0`, `${prefix}i/n`]);
      await checkListed(context, `${prefix}in/`, inside);
      await checkListed(context, `${prefix}in/b/`, [`${prefix}in/b/c`]);
      await checkListed(context, `${prefix}in/absent/`, []);
      // The page of the whole store that begins with this case's keys.
      const page = await backend.list("", { after: prefix.slice(0, -1), limit: 2 });
      checkEqual(
        page.keys.map(({ key }) => key),
        [`${prefix}i/n`, `${prefix}in-side/x`],
        "the keys of the empty prefix",
      );
    },
  },
  {
    id: "list/modified",
    proves: "the listed times are in milliseconds and in the order of the writes",
    async run(context) {
      const { backend, prefix } = context;
      const keys = [`${prefix}c`, `${prefix}a`, `${prefix}b`];
      for (const key of keys) await createAll(backend, [key]);
      const times = new Map((await checkListed(context, prefix, keys)).map((entry) => [entry.key, entry.modifiedMs]));
      const ordered = keys.map((key) => times.get(key)!);
      for (const time of ordered) {
        // Between 2001 and 2286, which no other unit of time would be.
        check(Number.isInteger(time) && time > 1e12 && time < 1e13, `not a time in milliseconds: ${time}`);
      }
      checkEqual(
        ordered,
        [...ordered].sort((left, right) => left - right),
        "the times in the order of the writes",
      );
    },
  },
  {
    id: "list/beside-delete",
    proves: "keys that vanish between two pages, `after` among them, disturb no others",
    async run(context) {
      const [first, second] = await context.clients(2);
      const folders = Array.from({ length: 12 }, (_, index) => numbered(`${context.prefix}f${index}/`, 5)).flat();
      const keys = folders.sort(compareKeys);
      await createAll(first!, keys);
      await checkListed(context, context.prefix, keys);
      const kept = keys.filter((_, index) => index % 10 < 2);
      const doomed = keys.filter((_, index) => index % 10 >= 2);
      const seen: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await first!.list(context.prefix, { after, limit: 7 });
        seen.push(...page.keys.map(({ key }) => key));
        after = page.keys.at(-1)?.key;
        more = page.more;
        await second!.delete([...doomed.splice(0, 9), ...doomed.splice(-2)]);
      }
      checkEqual(
        seen.filter((key) => kept.includes(key)),
        kept,
        "the keys that were never deleted",
      );
      checkEqual(seen, [...new Set(seen)].sort(compareKeys), "all keys seen");
    },
  },
  {
    id: "list/beside-create",
    proves: "keys that appear between two pages hide and repeat no others",
    async run(context) {
      const [first, second] = await context.clients(2);
      const old = numbered(`${context.prefix}m/k`, 60);
      const fresh = [`${context.prefix}a`, `${context.prefix}m/j`, `${context.prefix}m/l`].map((key) =>
        numbered(key, 9),
      );
      await createAll(first!, old);
      await checkListed(context, context.prefix, old);
      const seen: string[] = [];
      for (let after: string | undefined, more = true; more; ) {
        const page = await first!.list(context.prefix, { after, limit: 7 });
        seen.push(...page.keys.map(({ key }) => key));
        after = page.keys.at(-1)?.key;
        more = page.more;
        await createAll(
          second!,
          fresh.flatMap((keys) => keys.splice(0, 1)),
        );
      }
      const kept = seen.filter((key) => old.includes(key));
      checkEqual(kept, old, "the keys that were there before");
      checkEqual(seen, [...new Set(seen)].sort(compareKeys), "all keys seen");
    },
  },
  {
    id: "list/whole-store",
    proves: "an own store lists what was written and nothing else, and in the end nothing",
    needs: ["ownStore"],
    async run(context) {
      const { backend, prefix } = context;
      await checkListed(context, "", []);
      await createAll(backend, [`${prefix}a`, `${prefix}b/c`]);
      await backend.put(`${prefix}d`, new Uint8Array(3));
      await checkListed(context, "", [`${prefix}a`, `${prefix}b/c`, `${prefix}d`]);
      await backend.delete([`${prefix}a`, `${prefix}b/c`, `${prefix}d`]);
      await checkListed(context, "", []);
    },
  },
];
