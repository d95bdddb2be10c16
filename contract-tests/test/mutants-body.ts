import { type Body, bodySize, bodySlice, bytesBody, TrunksError } from "@trunks/core";
import { turns } from "../src/turn.ts";
import { has, type Mutant, writeHalves } from "./mutant.ts";

/** What a source yields until it ends, throws or has yielded `limit` bytes. */
async function gather(body: Body, limit = Number.POSITIVE_INFINITY): Promise<{ bytes: Uint8Array; error?: unknown }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body.read(0, body.size)) {
      chunks.push(chunk.subarray(0, limit - size));
      size += chunk.length;
      if (size >= limit) break;
    }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
  return { bytes: Buffer.concat(chunks) };
}

export const bodyMutants: readonly Mutant[] = [
  {
    name: "put writes nothing where nothing was",
    caughtBy: "put/absent",
    mutate: () => (memory) => ({
      put: async (key, body) => ((await has(memory, key)) ? memory.put(key, body) : undefined),
    }),
  },
  {
    name: "put does not overwrite",
    caughtBy: "put/overwrites",
    mutate: () => (memory) => ({ put: async (key, body) => void (await memory.create(key, body)) }),
  },
  {
    name: "a shorter put leaves the old end",
    caughtBy: "put/overwrites",
    mutate: () => (memory) => ({
      async put(key, body) {
        const bytes = Buffer.from((await (await memory.get(key))?.bytes()) ?? []);
        const written = await bytesBody(body);
        await memory.put(key, Buffer.concat([written, bytes.subarray(written.length)]));
      },
    }),
  },
  {
    name: "get after put is stale",
    caughtBy: "put/overwrites",
    mutate: () => (memory) => {
      const cached = new Map<string, Uint8Array>();
      return {
        async get(key, options) {
          const bytes = cached.get(key) ?? (await (await memory.get(key))?.bytes());
          if (bytes !== undefined) cached.set(key, bytes);
          if (bytes !== undefined) await memory.put(key, bytes);
          return memory.get(key, options);
        },
      };
    },
  },
  {
    name: "the list shows the size before the put",
    caughtBy: "put/listed",
    mutate: () => {
      const sizes = new Map<string, number>();
      return (memory) => ({
        async put(key, body) {
          const old = await memory.get(key);
          if (old !== undefined) sizes.set(key, old.size);
          await memory.put(key, body);
        },
        async list(prefix, options) {
          const page = await memory.list(prefix, options);
          return { ...page, keys: page.keys.map((entry) => ({ ...entry, size: sizes.get(entry.key) ?? entry.size })) };
        },
      });
    },
  },
  {
    name: "puts at once mix their bytes",
    caughtBy: "put/race",
    mutate: () => (memory) => ({
      async put(key, body) {
        const bytes = Buffer.from(await bytesBody(body));
        const half = bytes.length >> 1;
        await turns(1);
        const there = Buffer.from((await (await memory.get(key))?.bytes()) ?? bytes);
        await memory.put(key, Buffer.concat([bytes.subarray(0, half), there.subarray(half)]));
      },
    }),
  },
  {
    name: "put deletes the key first",
    caughtBy: "put/readers",
    mutate: () => (memory) => ({
      async put(key, body) {
        await memory.delete([key]);
        await turns(1);
        await memory.put(key, body);
      },
    }),
  },
  {
    name: "put shows a body before it is complete",
    caughtBy: "put/readers",
    mutate: () => (memory) => ({ put: (key, body) => writeHalves(memory, key, body) }),
  },
  {
    name: "an empty chunk ends the body",
    caughtBy: "source/chunks",
    mutate: () => (memory) => ({
      async create(key, body) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of body instanceof Uint8Array ? [body] : body.read(0, body.size)) {
          if (chunk.length === 0) break;
          chunks.push(chunk);
        }
        return memory.create(key, Buffer.concat(chunks));
      },
    }),
  },
  {
    name: "write errors are swallowed",
    caughtBy: "source/throws",
    mutate: () => (memory) => ({ put: (key, body) => memory.put(key, body).catch(() => {}) }),
  },
  {
    name: "a write that failed leaves what it had",
    caughtBy: "source/throws",
    mutate: () => (memory) => ({
      async create(key, body) {
        const { bytes, error } = await gather(body);
        const created = await memory.create(key, bytes);
        if (error !== undefined) throw error;
        return created;
      },
    }),
  },
  {
    name: "a write that failed keeps the key taken",
    caughtBy: "source/throws",
    mutate: () => {
      const taken = new Set<string>();
      return (memory) => ({
        create: async (key, body) => !taken.has(key) && taken.add(key) && memory.create(key, body),
      });
    },
  },
  {
    name: "a body that ends early is stored as it is",
    caughtBy: "source/too-few",
    mutate: () => (memory) => ({
      async create(key, body) {
        const { bytes, error } = await gather(body);
        if (error !== undefined) throw error;
        return memory.create(key, bytes);
      },
    }),
  },
  {
    name: "a body that goes on too long is cut",
    caughtBy: "source/too-many",
    mutate: () => (memory) => ({
      async put(key, body) {
        const { bytes, error } = await gather(body, bodySize(body));
        if (error !== undefined) throw error;
        if (bytes.length < bodySize(body)) throw new TrunksError("INVALID_ARGUMENT", "too few bytes");
        await memory.put(key, bytes);
      },
    }),
  },
  {
    name: "a write does not listen to its signal",
    caughtBy: "source/aborted",
    mutate: () => (memory) => ({ create: (key, body) => memory.create(key, body) }),
  },
  {
    name: "an aborted write is partly visible",
    caughtBy: "source/aborted",
    mutate: () => (memory) => ({
      async create(key, body, { signal } = {}) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of bodySlice(body)) {
          if (signal?.aborted) {
            await memory.put(key, Buffer.concat(chunks));
            throw new TrunksError("ABORTED", "aborted", { cause: signal.reason });
          }
          chunks.push(chunk);
        }
        return memory.create(key, Buffer.concat(chunks));
      },
    }),
  },
  {
    name: "an aborted put has shown its first half",
    caughtBy: "abort/writing",
    mutate: () => (memory) => ({
      async put(key, body, { signal } = {}) {
        const bytes = await bytesBody(body);
        await memory.put(key, bytes.subarray(0, bytes.length / 2));
        await turns(3);
        if (signal?.aborted) throw new TrunksError("ABORTED", "aborted", { cause: signal.reason });
        await memory.put(key, bytes);
      },
    }),
  },
  {
    name: "an aborted write throws an error of the platform",
    caughtBy: "abort/writing",
    mutate: () => (memory) => ({
      async put(key, body, { signal } = {}) {
        await turns(2);
        signal?.throwIfAborted();
        await memory.put(key, body);
      },
    }),
  },
  {
    name: "bodies above 32 MiB lose their second part",
    caughtBy: "large/64-mib",
    mutate: () => (memory) => ({
      async create(key, body) {
        const bytes = await bytesBody(body);
        return memory.create(key, bytes.fill(0, Math.min(2 ** 25, bytes.length)));
      },
    }),
  },
  {
    name: "the body is held whole",
    caughtBy: "large/memory",
    needs: { outsideProcess: true },
    mutate: () => () => ({}),
  },
];
