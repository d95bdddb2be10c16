import { checkKey, checkPrefix, isTrunksError, maxSegmentLength, TrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import type { OpenBackend } from "../src/index.ts";
import { has, listWhole, type Mutant, type Mutation } from "./mutant.ts";

/** Keeps keys under other names, as a file system might. */
function renaming(rename: (key: string) => string): () => Mutation {
  return () => (memory) => ({
    get: (key, options) => memory.get(rename(key), options),
    create: (key, body, options) => memory.create(rename(key), body, options),
    put: (key, body, options) => memory.put(rename(key), body, options),
    delete: (keys, options) => memory.delete(keys.map(rename), options),
  });
}

/** Where `INVALID_ARGUMENT` is expected, answers. */
function lenient<Answer>(call: Promise<Answer>, answer: Answer): Promise<Answer> {
  return call.catch((error: unknown) => {
    if (isTrunksError(error, "INVALID_ARGUMENT")) return answer;
    throw error;
  });
}

/** A client that is refused everything, rightly; the mutants below break one operation each. */
export function refusing(
  code: "PERMISSION_DENIED" | "NOT_FOUND",
  broken: Partial<ReturnType<Mutation>> = {},
): OpenBackend {
  const refuse = async () => {
    throw new TrunksError(code, "refused");
  };
  const { capabilities } = new MemoryBackend();
  const close = async () => {};
  const refused = { get: refuse, create: refuse, put: refuse, list: refuse, delete: refuse };
  return async () => ({ name: "refusing", capabilities, close, ...refused, ...broken });
}

const mistaken: Partial<ReturnType<Mutation>>[] = [
  { get: async () => undefined },
  { create: async () => false },
  { put: async () => {} },
  { list: async () => ({ keys: [], more: false }) },
  { delete: async () => {} },
];

const refusalMutants = mistaken.flatMap((broken): Mutant[] => {
  const operation = Object.keys(broken)[0]!;
  return [
    {
      name: `${operation} maps "forbidden" to an answer`,
      caughtBy: `forbidden/${operation}`,
      needs: { openForbidden: refusing("PERMISSION_DENIED", broken) },
      mutate: () => () => ({}),
    },
    {
      name: `${operation} maps a missing root to an answer`,
      caughtBy: `missing/${operation}`,
      needs: { openMissing: refusing("NOT_FOUND", broken) },
      mutate: () => () => ({}),
    },
  ];
});

export const otherMutants: readonly Mutant[] = [
  ...refusalMutants,
  {
    name: "delete does nothing",
    caughtBy: "delete/removes",
    mutate: () => () => ({ delete: async () => {} }),
  },
  {
    name: "delete of an absent key fails",
    caughtBy: "delete/absent",
    mutate: () => (memory) => ({
      async delete(keys) {
        for (const key of keys) {
          if (!(await has(memory, key))) throw new TrunksError("NOT_FOUND", "404");
          await memory.delete([key]);
        }
      },
    }),
  },
  {
    name: "delete takes 1,000 keys at most",
    caughtBy: "delete/many",
    mutate: () => (memory) => ({ delete: (keys) => memory.delete(keys.slice(0, 1000)) }),
  },
  {
    name: "delete takes everything that begins alike",
    caughtBy: "delete/neighbours",
    mutate: () => (memory) => ({
      async delete(keys) {
        for (const entry of (await listWhole(memory)).keys) {
          if (keys.some((key) => entry.key.startsWith(key))) await memory.delete([entry.key]);
        }
      },
    }),
  },
  {
    name: "dots at the end of a name are dropped",
    caughtBy: "key/odd",
    mutate: renaming((key) => key.replace(/\.+$/, "")),
  },
  {
    name: "long segments are cut",
    caughtBy: "key/long",
    mutate: renaming((key) =>
      key
        .split("/")
        .map((segment) => segment.slice(0, maxSegmentLength - 1))
        .join("/"),
    ),
  },
  {
    name: "folders are at most 100 deep",
    caughtBy: "key/deep",
    mutate: renaming((key) => {
      if (key.split("/").length > 100) throw new TrunksError("NOT_SUPPORTED", "too deep");
      return key;
    }),
  },
  {
    name: "case is lost",
    caughtBy: "key/case",
    mutate: renaming((key) => key.toLowerCase()),
  },
  {
    name: "get of what is no key answers undefined",
    caughtBy: "key/invalid",
    mutate: () => (memory) => ({ get: (key, options) => lenient(memory.get(key, options), undefined) }),
  },
  {
    name: "create takes any name",
    caughtBy: "key/invalid",
    mutate: renaming((key) => key.replaceAll(/[^A-Za-z0-9/._-]/g, "x")),
  },
  {
    name: "delete stops at what is no key",
    caughtBy: "key/invalid-among",
    mutate: () => (memory) => ({
      async delete(keys) {
        for (const key of keys) {
          checkKey(key);
          await memory.delete([key]);
        }
      },
    }),
  },
  {
    name: "list of what is no prefix is empty",
    caughtBy: "key/invalid-prefix",
    mutate: () => (memory) => ({
      list: (prefix, options) => lenient(memory.list(prefix, options), { keys: [], more: false }),
    }),
  },
  {
    name: "list takes a prefix without a slash",
    caughtBy: "key/invalid-prefix",
    mutate: () => (memory) => ({
      async list(prefix, options) {
        const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
        checkPrefix(folder);
        return memory.list(folder, options);
      },
    }),
  },
  {
    name: "a signal raised before is not looked at",
    caughtBy: "abort/before",
    mutate: () => (memory) => ({ delete: (keys) => memory.delete(keys) }),
  },
  {
    name: "a call aborted before is done all the same",
    caughtBy: "abort/before",
    mutate: () => (memory) => ({
      async create(key, body, options) {
        const created = await memory.create(key, body);
        if (options?.signal?.aborted) throw new TrunksError("ABORTED", "aborted");
        return created;
      },
    }),
  },
  {
    name: "a second close fails",
    caughtBy: "close/twice",
    mutate: () => (memory) => {
      let closed = false;
      return {
        async close() {
          if (closed) throw new TrunksError("CLOSED", "this backend was closed");
          closed = true;
          await memory.close();
        },
      };
    },
  },
  {
    name: "close does nothing",
    caughtBy: "close/refuses",
    mutate: () => () => ({ close: async () => {} }),
  },
  {
    name: "close forgets what was written",
    caughtBy: "close/others",
    mutate: () => (memory) => ({
      async close() {
        const open = await listWhole(memory).catch(() => undefined);
        if (open !== undefined) await memory.delete(open.keys.map(({ key }) => key));
        await memory.close();
      },
    }),
  },
];
