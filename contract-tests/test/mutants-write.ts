import { type Body, bodySize, bodySlice, bytesBody, TrunksError } from "@trunks/core";
import type { MemoryBackend } from "@trunks/core/memory";
import { turns } from "../src/turn.ts";
import { folderOf, has, listWhole, type Mutant } from "./mutant.ts";

/** Looks first and writes later: right unless two do it at once. */
async function lookThenWrite(memory: MemoryBackend, key: string, body: Body): Promise<boolean> {
  if (await has(memory, key)) return false;
  await turns(1);
  await memory.put(key, body);
  return true;
}

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

async function writeHalves(memory: MemoryBackend, key: string, body: Body): Promise<void> {
  const bytes = await bytesBody(body);
  await memory.put(key, bytes.subarray(0, bytes.length / 2));
  await turns(1);
  await memory.put(key, bytes);
}

export const writeMutants: readonly Mutant[] = [
  {
    name: "create writes and answers false",
    caughtBy: "create/absent",
    mutate: () => (memory) => ({ create: async (key, body) => !(await memory.create(key, body)) }),
  },
  {
    name: "create answers true and writes nothing",
    caughtBy: "create/absent",
    mutate: () => () => ({ create: async () => true }),
  },
  {
    name: "create overwrites",
    caughtBy: "create/taken",
    mutate: () => (memory) => ({ create: (key, body) => memory.put(key, body).then(() => true) }),
  },
  {
    name: "create answers false and overwrites",
    caughtBy: "create/taken",
    mutate: () => (memory) => ({
      async create(key, body) {
        const taken = await has(memory, key);
        await memory.put(key, body);
        return !taken;
      },
    }),
  },
  {
    name: "create answers true to whoever brings the bytes that are there",
    caughtBy: "create/taken",
    mutate: () => (memory) => ({
      async create(key, body) {
        if (await memory.create(key, body)) return true;
        const there = await (await memory.get(key))?.bytes();
        return Buffer.from(await bytesBody(body)).equals(there ?? new Uint8Array(0));
      },
    }),
  },
  {
    name: "create does not see what put wrote",
    caughtBy: "create/over-put",
    mutate: () => {
      const created = new Set<string>();
      return (memory) => ({
        async create(key, body) {
          if (created.has(key)) return memory.create(key, body);
          created.add(key);
          await memory.put(key, body);
          return true;
        },
      });
    },
  },
  {
    name: "create remembers deleted keys",
    caughtBy: "create/after-delete",
    mutate: () => {
      const created = new Set<string>();
      return (memory) => ({
        create: async (key, body) => !created.has(key) && created.add(key) && memory.create(key, body),
      });
    },
  },
  {
    name: "create takes an empty body for absence",
    caughtBy: "create/empty-body",
    mutate: () => (memory) => ({
      async create(key, body) {
        if ((await memory.get(key))?.size === 0) await memory.delete([key]);
        return memory.create(key, body);
      },
    }),
  },
  {
    name: "create keeps the writer's buffer",
    caughtBy: "create/own-copy",
    mutate: () => {
      const kept = new Map<string, Body>();
      return (memory) => ({
        create: (key, body) => memory.create(key, body).finally(() => kept.set(key, body)),
        async get(key, options) {
          const body = kept.get(key);
          if (body !== undefined) await memory.put(key, body);
          return memory.get(key, options);
        },
      });
    },
  },
  {
    name: "create fails while another makes its folder",
    caughtBy: "create/new-folders",
    mutate: () => {
      const made = new Set<string>();
      return (memory) => ({
        async create(key, body) {
          const folder = folderOf(key);
          const isNew = (await listWhole(memory, folder)).keys.length === 0;
          if (isNew && made.has(folder)) throw new TrunksError("UNAVAILABLE", "EEXIST: mkdir");
          made.add(folder);
          await turns(1);
          return memory.create(key, body);
        },
      });
    },
  },
  {
    name: "delete removes a folder that was empty a moment ago",
    caughtBy: "create/beside-delete",
    mutate: () => (memory) => ({
      async delete(keys) {
        await memory.delete(keys);
        const folders = keys.map(folderOf);
        const sizes = await Promise.all(folders.map(async (folder) => (await listWhole(memory, folder)).keys.length));
        await turns(1);
        for (const folder of folders.filter((_, index) => sizes[index] === 0)) {
          await memory.delete((await listWhole(memory, folder)).keys.map(({ key }) => key));
        }
      },
    }),
  },
  {
    name: "two creates at once both win",
    caughtBy: "race/16-small",
    mutate: () => (memory) => ({ create: (key, body) => lookThenWrite(memory, key, body) }),
  },
  {
    name: "the loser of a race is answered before the winner's bytes are there",
    caughtBy: "race/16-small",
    mutate: () => {
      const taken = new Set<string>();
      return (memory) => ({
        async create(key, body) {
          if (taken.has(key)) return false;
          taken.add(key);
          await turns(1);
          return memory.create(key, body);
        },
      });
    },
  },
  {
    name: "more creates at once than it has locks for win",
    caughtBy: "race/64-small",
    mutate: () => {
      let running = 0;
      return (memory) => ({
        async create(key, body) {
          if (++running > 40) return lookThenWrite(memory, key, body).finally(() => running--);
          await turns(1);
          return memory.create(key, body).finally(() => running--);
        },
      });
    },
  },
  {
    name: "bodies from 1 MiB on are not written conditionally",
    caughtBy: "race/16-large",
    mutate: () => (memory) => ({
      create: (key, body) => (bodySize(body) < 2 ** 20 ? memory.create(key, body) : lookThenWrite(memory, key, body)),
    }),
  },
  {
    name: "streamed bodies are not written conditionally",
    caughtBy: "race/16-streamed",
    mutate: () => (memory) => ({
      create: (key, body) => (body instanceof Uint8Array ? memory.create(key, body) : lookThenWrite(memory, key, body)),
    }),
  },
  {
    name: "create shows a body before it is complete",
    caughtBy: "race/readers",
    mutate: () => (memory) => ({
      async create(key, body) {
        if (await has(memory, key)) return false;
        await writeHalves(memory, key, body);
        return true;
      },
    }),
  },
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
