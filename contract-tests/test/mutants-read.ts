import { bytesContent, type Content, checkKey, type GetOptions, isTrunksError, TrunksError } from "@trunks/core";
import type { MemoryBackend } from "@trunks/core/memory";
import { turns } from "../src/turn.ts";
import { listWhole, type Mutant } from "./mutant.ts";

/** The whole body, whatever range was asked for. */
function getWhole(memory: MemoryBackend, key: string, options?: GetOptions): Promise<Content | undefined> {
  return memory.get(key, { signal: options?.signal });
}

const badRange = (what: string) => new TrunksError("UNAVAILABLE", `416: ${what}`);

export const readMutants: readonly Mutant[] = [
  {
    name: "get throws for an absent key",
    caughtBy: "get/absent",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        if (content === undefined) throw new TrunksError("NOT_FOUND", "404");
        return content;
      },
    }),
  },
  {
    name: "get answers no bytes for an absent key",
    caughtBy: "get/absent",
    mutate: () => (memory) => ({
      get: async (key, options) => (await memory.get(key, options)) ?? bytesContent(new Uint8Array(0)),
    }),
  },
  {
    name: "get answers the first key that begins alike",
    caughtBy: "get/absent",
    mutate: () => (memory) => ({
      async get(key, options) {
        const { keys } = await listWhole(memory);
        const found = keys.find((entry) => entry.key.startsWith(key));
        return found && memory.get(found.key, options);
      },
    }),
  },
  {
    name: "get of a folder answers no bytes",
    caughtBy: "get/prefix",
    mutate: () => (memory) => ({
      async get(key, options) {
        checkKey(key);
        const { keys } = await listWhole(memory, `${key}/`);
        return keys.length > 0 ? bytesContent(new Uint8Array(0)) : memory.get(key, options);
      },
    }),
  },
  {
    name: "a client remembers absence",
    caughtBy: "get/other-client",
    mutate: () => (memory) => {
      const absent = new Set<string>();
      return {
        async get(key, options) {
          const content = absent.has(key) ? undefined : await memory.get(key, options);
          if (content === undefined) absent.add(key);
          return content;
        },
      };
    },
  },
  {
    name: "a stream ends before the body",
    caughtBy: "get/stream",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        const bytes = await content?.bytes();
        if (content === undefined || bytes === undefined) return undefined;
        return {
          ...content,
          async *[Symbol.asyncIterator]() {
            yield bytes.subarray(0, 2 ** 20);
          },
        };
      },
    }),
  },
  {
    name: "two readers at once share a buffer",
    caughtBy: "get/stream",
    mutate: () => {
      const shared = new Map<number, Uint8Array>();
      return (memory) => ({
        async get(key, options) {
          const content = await memory.get(key, options);
          if (content === undefined) return undefined;
          const bytes = await content.bytes();
          const buffer = shared.get(bytes.length) ?? new Uint8Array(bytes.length);
          shared.set(bytes.length, buffer);
          buffer.fill(0);
          const fill = turns(1).then(() => buffer.set(bytes));
          return { ...content, bytes: () => Promise.race([fill, turns(0)]).then(() => buffer) };
        },
      });
    },
  },
  {
    name: "an answer that was given up keeps its connection",
    caughtBy: "get/cancel",
    mutate: () => {
      let open = 0;
      return (memory) => ({
        async get(key, options) {
          const content = await memory.get(key, options);
          if (content === undefined) return undefined;
          if (open++ > 16) throw new TrunksError("UNAVAILABLE", "no connection left");
          return { ...content, bytes: () => content.bytes().finally(() => open--) };
        },
      });
    },
  },
  {
    name: "a range is ignored",
    caughtBy: "range/middle",
    mutate: () => (memory) => ({ get: (key, options) => getWhole(memory, key, options) }),
  },
  {
    name: "totalSize is the size of the range",
    caughtBy: "range/middle",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        return content && bytesContent(await content.bytes());
      },
    }),
  },
  {
    name: "the end of a range is included",
    caughtBy: "range/middle",
    mutate: () => (memory) => ({
      async get(key, { range } = {}) {
        if (range === undefined || "suffix" in range || range.end === undefined) return memory.get(key, { range });
        return memory.get(key, { range: { start: range.start, end: range.end + 1 } });
      },
    }),
  },
  {
    name: "a range without an end answers one byte less",
    caughtBy: "range/open-end",
    mutate: () => (memory) => ({
      async get(key, { range } = {}) {
        if (range === undefined || "suffix" in range || range.end !== undefined) return memory.get(key, { range });
        const whole = await memory.get(key);
        return memory.get(key, { range: { start: range.start, end: (whole?.size ?? 1) - 1 } });
      },
    }),
  },
  {
    name: "a suffix is taken for a start",
    caughtBy: "range/suffix",
    mutate: () => (memory) => ({
      get: (key, { range } = {}) =>
        memory.get(key, { range: range && "suffix" in range ? { start: range.suffix } : range }),
    }),
  },
  {
    name: "a suffix longer than the body fails",
    caughtBy: "range/suffix",
    mutate: () => (memory) => ({
      async get(key, { range } = {}) {
        const whole = await memory.get(key);
        if (range && "suffix" in range && range.suffix > (whole?.size ?? 0)) throw badRange("suffix");
        return memory.get(key, { range });
      },
    }),
  },
  {
    name: "a range past the end fails",
    caughtBy: "range/past-end",
    mutate: () => (memory) => ({
      async get(key, { range } = {}) {
        const whole = await memory.get(key);
        if (range && "end" in range && (range.end ?? 0) > (whole?.size ?? 0)) throw badRange("end");
        return memory.get(key, { range });
      },
    }),
  },
  {
    name: "a range behind the last byte fails",
    caughtBy: "range/beyond",
    mutate: () => (memory) => ({
      async get(key, { range } = {}) {
        const whole = await memory.get(key);
        if (range && "start" in range && range.start >= (whole?.size ?? 0)) throw badRange("start");
        return memory.get(key, { range });
      },
    }),
  },
  {
    name: "a range of no bytes answers all",
    caughtBy: "range/empty",
    mutate: () => (memory) => ({
      get: (key, { range } = {}) =>
        memory.get(key, { range: range && "end" in range && !range.end ? undefined : range }),
    }),
  },
  {
    name: "a range of an empty body is absent",
    caughtBy: "range/empty-body",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        return options?.range !== undefined && content?.totalSize === 0 ? undefined : content;
      },
    }),
  },
  {
    name: "a range of an absent key fails",
    caughtBy: "range/absent",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        if (content === undefined && options?.range !== undefined) throw badRange("absent");
        return content;
      },
    }),
  },
  {
    name: "what is no range answers everything",
    caughtBy: "range/invalid",
    mutate: () => (memory) => ({
      get: (key, options) =>
        memory.get(key, options).catch((error: unknown) => {
          if (!isTrunksError(error, "INVALID_ARGUMENT") || options?.range === undefined) throw error;
          return memory.get(key);
        }),
    }),
  },
  {
    name: "an aborted stream ends as if it were whole",
    caughtBy: "abort/reading",
    mutate: () => (memory) => ({
      async get(key, options) {
        const content = await memory.get(key, options);
        const bytes = await content?.bytes();
        if (content === undefined || bytes === undefined) return undefined;
        return {
          ...content,
          async *[Symbol.asyncIterator]() {
            for (let start = 0; start < bytes.length && !options?.signal?.aborted; start += 65_536) {
              yield bytes.subarray(start, start + 65_536);
            }
          },
        };
      },
    }),
  },
  {
    name: "a signal raised after the answer closes the client",
    caughtBy: "abort/after",
    mutate: () => (memory) => ({
      async get(key, options) {
        options?.signal?.addEventListener("abort", () => memory.close(), { once: true });
        return memory.get(key, options);
      },
    }),
  },
];
