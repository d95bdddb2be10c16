import { type Body, bodySize, bytesBody, TrunksError } from "@trunks/core";
import type { MemoryBackend } from "@trunks/core/memory";
import { turns } from "../src/turn.ts";
import { folderOf, has, listWhole, type Mutant, writeHalves } from "./mutant.ts";

/** Looks first and writes later: right unless two do it at once. */
async function lookThenWrite(memory: MemoryBackend, key: string, body: Body): Promise<boolean> {
  if (await has(memory, key)) return false;
  await turns(1);
  await memory.put(key, body);
  return true;
}

export const createMutants: readonly Mutant[] = [
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
];
