import { maxKeyLength, maxSegmentLength } from "@trunks/core";
import type { ContractCase } from "../case.ts";
import { check, checkRefused } from "../check.ts";
import { checkListed } from "../listing.ts";
import { checkAbsent, checkStored, createAll, forEach, smallBody } from "../transfer.ts";

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const lower = upper.toLowerCase();
const digits = "0123456789";

/** Every allowed character, first and later; names that shells, file systems and web servers treat specially. */
const oddNames = [upper + lower, digits + upper, ...lower].concat(
  "x._- x.. x-- x__ x..y 9.9-9_9 x. x- x_ con nul.txt aux/lpt1 index.html x.tmp x.lock x.trunk/y".split(" "),
  "e2Fe 0x10 1e3 null undefined constructor".split(" "),
);

const tooLong = "x".repeat(maxSegmentLength + 1);
const invalidKeys = ["", "a b", "a\n", "a\0b", "ä", tooLong, `${"x/".repeat(maxKeyLength / 2)}x`].concat(
  "/ /a a/ a//b . .. a/../b a/.b .a -a _a ~a a\\b a%20b a?b a#b a:b a*b a+b".split(" "),
);
const invalidPrefixes = ["a", "/", "a//", "../", "a/../", "./", "a b/", `${tooLong}/`];

export const keyCases: readonly ContractCase[] = [
  {
    id: "key/odd",
    proves: "every character that keys allow, and names that other programs treat specially, stay apart",
    async run(context) {
      const keys = oddNames.map((name) => context.prefix + name);
      await createAll(context.backend, keys);
      await forEach(keys, (key) => checkStored(context.backend, key, smallBody(key)));
      await checkListed(context, context.prefix, keys);
    },
  },
  {
    id: "key/long",
    proves: "segments of 200 bytes and keys of 512 bytes are kept whole",
    async run(context) {
      const segment = "s".repeat(maxSegmentLength);
      const folder = `${context.prefix}${segment}/`;
      const long = `${folder}${segment.slice(0, -1)}/`;
      const keys = ["k", "l"].map((last) => long.padEnd(maxKeyLength - 1, "m") + last);
      keys.push(
        `${context.prefix}${"t".repeat(maxSegmentLength)}`,
        `${context.prefix}${"t".repeat(maxSegmentLength - 1)}`,
      );
      await createAll(context.backend, keys);
      await forEach(keys, (key) => checkStored(context.backend, key, smallBody(key)));
      await checkListed(context, context.prefix, keys);
      await checkListed(context, folder, keys.slice(0, 2));
    },
  },
  {
    id: "key/deep",
    proves: "a key may have as many segments as fit into 512 bytes",
    async run(context) {
      const levels = Math.floor((maxKeyLength - context.prefix.length) / 2) - 1;
      const key = `${context.prefix}${"d/".repeat(levels)}d`;
      await createAll(context.backend, [key]);
      await checkStored(context.backend, key, smallBody(key));
      await checkListed(context, context.prefix, [key]);
      await context.backend.delete([key]);
      await checkAbsent(context.backend, key);
    },
  },
  {
    id: "key/case",
    proves: "keys that differ only in case are different keys",
    async run(context) {
      const keys = ["readme", "README", "Readme", "a/x", "A/x"].map((name) => context.prefix + name);
      await createAll(context.backend, keys);
      await forEach(keys, (key) => checkStored(context.backend, key, smallBody(key)));
      await checkListed(context, context.prefix, keys);
      await checkListed(context, `${context.prefix}a/`, [`${context.prefix}a/x`]);
      await context.backend.delete([keys[1]!]);
      await checkAbsent(context.backend, keys[1]!);
      await checkStored(context.backend, keys[0]!, smallBody(keys[0]!));
    },
  },
  {
    id: "key/invalid",
    proves: "what is no key is refused by get, create, put and delete",
    async run({ backend }) {
      for (const key of invalidKeys) {
        const what = JSON.stringify(key.slice(0, 40));
        await checkRefused(() => backend.get(key), ["INVALID_ARGUMENT"], `get of ${what}`);
        await checkRefused(() => backend.create(key, smallBody(key)), ["INVALID_ARGUMENT"], `create of ${what}`);
        await checkRefused(() => backend.put(key, smallBody(key)), ["INVALID_ARGUMENT"], `put of ${what}`);
        await checkRefused(() => backend.delete([key]), ["INVALID_ARGUMENT"], `delete of ${what}`);
      }
    },
  },
  {
    id: "key/invalid-among",
    proves: "a delete that names something that is no key deletes nothing",
    async run({ backend, prefix }) {
      const key = `${prefix}key`;
      await createAll(backend, [key]);
      await checkRefused(() => backend.delete([key, `${prefix}../x`]), ["INVALID_ARGUMENT"], "delete");
      await checkStored(backend, key, smallBody(key));
    },
  },
  {
    id: "key/invalid-prefix",
    proves: "what is no prefix is refused by list",
    async run({ backend }) {
      for (const prefix of invalidPrefixes) {
        const what = `list of ${JSON.stringify(prefix.slice(0, 40))}`;
        const error = await checkRefused(() => backend.list(prefix), ["INVALID_ARGUMENT"], what);
        check(error.message.length > 0, `${what}: the error says nothing`);
      }
    },
  },
];
