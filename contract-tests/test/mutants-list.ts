import { checkPrefix, type ListedKey, type ListOptions, type ListPage } from "@trunks/core";
import type { MemoryBackend } from "@trunks/core/memory";
import { turns } from "../src/turn.ts";
import { has, listWhole, type Mutant } from "./mutant.ts";

type List = (memory: MemoryBackend, prefix: string, options: ListOptions) => Promise<ListPage>;

function listMutant(name: string, caughtBy: string, list: List): Mutant {
  return {
    name,
    caughtBy,
    mutate: () => (memory) => ({ list: (prefix, options = {}) => list(memory, prefix, options) }),
  };
}

/** The faithful page, with its keys changed. */
function changing(change: (keys: readonly ListedKey[], prefix: string) => readonly ListedKey[]): List {
  return async (memory, prefix, options) => {
    const page = await memory.list(prefix, options);
    return { ...page, keys: change(page.keys, prefix) };
  };
}

/** Folder by folder, as a walk over directories that forgets how `-` and `.` sort beside `/`. */
function bySegments(left: ListedKey, right: ListedKey): number {
  const [lefts, rights] = [left.key.split("/"), right.key.split("/")];
  for (let level = 0; level < Math.min(lefts.length, rights.length); level++) {
    if (lefts[level]! !== rights[level]!) return lefts[level]! < rights[level]! ? -1 : 1;
  }
  return lefts.length - rights.length;
}

export const listMutants: readonly Mutant[] = [
  listMutant(
    "one level is listed",
    "list/shows",
    changing((keys, prefix) => keys.filter(({ key }) => !key.slice(prefix.length).includes("/"))),
  ),
  listMutant(
    "empty bodies are not listed",
    "list/shows",
    changing((keys) => keys.filter(({ size }) => size > 0)),
  ),
  listMutant(
    "sizes are counted in kibibytes",
    "list/shows",
    changing((keys) => keys.map((entry) => ({ ...entry, size: entry.size >> 10 }))),
  ),
  {
    name: "lists are late",
    caughtBy: "list/prompt",
    mutate: () => {
      let listed: ListPage = { keys: [], more: false };
      return (memory) => ({
        async list() {
          const late = listed;
          listed = await listWhole(memory);
          return late;
        },
      });
    },
  },
  {
    name: "a client lists only its own keys at once",
    caughtBy: "list/prompt",
    mutate: () => (memory) => {
      const own = new Set<string>();
      return {
        create: (key, body, options) => memory.create(key, body, options).finally(() => own.add(key)),
        list: (prefix, options = {}) =>
          changing((keys) => keys.filter(({ key }) => own.has(key)))(memory, prefix, options),
      };
    },
  },
  listMutant("the first key of a further page is lost", "list/pages", async (memory, prefix, options) => {
    const page = await memory.list(prefix, options);
    return options.after !== undefined && page.keys.length > 300 ? { ...page, keys: page.keys.slice(1) } : page;
  }),
  listMutant("the list ends after 1,000 keys", "list/pages", async (memory, prefix, options) => {
    const page = await memory.list(prefix, options);
    return page.keys.length >= 1000 ? { ...page, more: false } : page;
  }),
  listMutant("a page is longer than its limit", "list/pages", (memory, prefix, options) =>
    memory.list(prefix, { ...options, limit: (options.limit ?? 1000) + 1 }),
  ),
  listMutant(
    "keys are ordered folder by folder",
    "list/order",
    changing((keys) => [...keys].sort(bySegments)),
  ),
  listMutant(
    "keys are ordered by the alphabet",
    "list/order",
    changing((keys) => [...keys].sort((left, right) => left.key.localeCompare(right.key))),
  ),
  listMutant("`after` is ignored unless it exists", "list/after", async (memory, prefix, options) => {
    const { after } = options;
    if (after !== undefined && !(await has(memory, after)))
      return memory.list(prefix, { ...options, after: undefined });
    return memory.list(prefix, options);
  }),
  listMutant("`after` is ignored", "list/after", (memory, prefix, { limit }) => memory.list(prefix, { limit })),
  listMutant("`after` is included", "list/after", async (memory, prefix, options) => {
    const page = await memory.list(prefix, options);
    const first = (await listWhole(memory, prefix)).keys.filter(({ key }) => key === options.after);
    return { ...page, keys: [...first, ...page.keys] };
  }),
  listMutant("`more` is always false", "list/more", async (memory, prefix, options) => ({
    ...(await memory.list(prefix, options)),
    more: false,
  })),
  listMutant("an empty page says `more`", "list/more", async (memory, prefix, options) => {
    const page = await memory.list(prefix, options);
    return { ...page, more: page.more || options.after !== undefined };
  }),
  listMutant("a prefix also means names that begin alike", "list/prefix", async (memory, prefix, options) => {
    checkPrefix(prefix);
    const { keys } = await listWhole(memory);
    const { after = "", limit = 1000 } = options;
    const found = keys.filter(({ key }) => key.startsWith(prefix.slice(0, -1)) && key > after);
    return { keys: found.slice(0, limit), more: found.length > limit };
  }),
  listMutant("the empty prefix lists nothing", "list/prefix", async (memory, prefix, options) =>
    prefix === "" ? { keys: [], more: false } : memory.list(prefix, options),
  ),
  listMutant(
    "times are in seconds",
    "list/modified",
    changing((keys) => keys.map((entry) => ({ ...entry, modifiedMs: Math.floor(entry.modifiedMs / 1000) }))),
  ),
  listMutant("a list ends when `after` has vanished", "list/beside-delete", async (memory, prefix, options) => {
    if (options.after !== undefined && !(await has(memory, options.after))) return { keys: [], more: false };
    return memory.list(prefix, options);
  }),
  {
    name: "pages are counted from the first key",
    caughtBy: "list/beside-create",
    mutate: () => (memory) => {
      const counts = new Map<string | undefined, number>();
      return {
        async list(prefix, { after, limit = 1000 } = {}) {
          const { keys } = await listWhole(memory, prefix);
          const start = counts.get(after) ?? 0;
          const page = keys.slice(start, start + limit);
          counts.set(page.at(-1)?.key, start + page.length);
          await turns(1);
          return { keys: page, more: keys.length > start + page.length };
        },
      };
    },
  },
  {
    name: "temporary files are left and listed",
    caughtBy: "list/whole-store",
    needs: { ownStore: true },
    mutate: () => {
      let count = 0;
      return (memory) => ({
        async create(key, body, options) {
          await memory.put(`temporary-${count++}`, body);
          return memory.create(key, body, options);
        },
      });
    },
  },
  {
    name: "an aborted list throws an error of the platform",
    caughtBy: "abort/listing",
    mutate: () => (memory) => ({
      async list(prefix, options = {}) {
        await turns(3);
        options.signal?.throwIfAborted();
        return memory.list(prefix, options);
      },
    }),
  },
];
