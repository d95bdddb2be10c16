import { type Backend, isTrunksError, type ListPage } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeHeadedFile } from "../src/format/headed-file.ts";
import { latestKey, recordKey, snapshotKey } from "../src/format/key.ts";
import type { MapChange } from "../src/format/mirror-map.ts";
import type { Segment } from "../src/format/pack-name.ts";
import { encodeSnapshot } from "../src/format/snapshot.ts";
import type { State } from "../src/format/state.ts";
import type { TrunkFile } from "../src/format/trunk-file.ts";
import { Repository } from "../src/repository.ts";
import { downloadInline, downloadSegment } from "../src/transfer/download.ts";
import { uploadSegments } from "../src/transfer/segment-upload.ts";
import { JournalWriter } from "./journal-writer.ts";
import { entry, inlineOf, move, name, sha256, trunk } from "./samples.ts";
import { SeededRandom } from "./seeded-random.ts";
import { visited } from "./wrapped-backend.ts";

type Files = ReadonlyMap<string, Uint8Array>;

/** A trunk with a file of every kind, and all that can be had from it. */
interface Scene {
  readonly files: Files;
  readonly states: readonly State[];
}

const newest = 9;
const snapshotSlot = 5;

function mapChange(seed: number): MapChange {
  const primary = { name: "primary", url: `local:///srv/${seed}` };
  return { removed: [], mirrors: [{ name: "backup", mode: "strict", url: `s3://bucket-${seed}/app` }], primary };
}

/** Nine records, a snapshot and a stub in their middle; `seed` makes contents that are this trunk's alone. */
async function makeTrunk(file: TrunkFile, seed: number): Promise<Scene> {
  const random = new SeededRandom(seed);
  const store = new MemoryBackend();
  const writer = await new JournalWriter(store, file).begin();
  const value = () => random.between(1, 1e9);
  const inline = async (ref: string) => {
    const pack = random.bytes(200);
    await writer.push({ moves: [move(ref, 0, value())], inline: inlineOf(pack) }, pack);
  };
  const upload = async (id: number) => {
    const body = { pack: random.bytes(300), index: random.bytes(100), objectCount: 1 };
    return uploadSegments(store, [body], () => name(id));
  };
  await inline("refs/heads/main");
  await writer.push({ moves: [move("refs/heads/a", 0, value())], segments: await upload(1) });
  const listed = [`objects/${name(7)}.pack`, `objects/${name(random.between(100, 999))}.idx`];
  const list = new TextEncoder().encode(listed.map((one) => `${one}\n`).join(""));
  await store.create(`doomed/${name(2)}`, list);
  await writer.append({ retired: [{ kind: "record", slot: 0 }], segments: await upload(3) });
  const doomLists = [{ key: `doomed/${name(2)}`, size: list.length, digest: sha256(list) }];
  await writer.append({ doomLists }, undefined, listed);
  await inline("refs/heads/b");
  await writer.idle(1);
  const key = await writer.snapshot(snapshotSlot);
  await writer.latest(snapshotSlot, key);
  await writer.stub(0, key);
  await inline("refs/heads/c");
  const carried = random.bytes(150);
  const waiting = entry({
    id: name(4),
    carried: true,
    basis: 5,
    moves: [move("refs/heads/d", 0, value())],
    inline: inlineOf(carried),
  });
  await store.create(`intents/${name(4)}`, encodeHeadedFile("intent", [`entry ${seed}`], carried).bytes);
  await writer.append({ entries: [waiting] });
  await writer.append({ doomed: [`objects/${name(random.between(100, 999))}.pack`], drop: true, map: mapChange(seed) });
  await writer.push({ moves: [move("refs/heads/e", 0, value())], unproved: true });
  const keys = (await store.list("")).keys.map((listed) => listed.key);
  const files = keys.map(async (one) => [one, (await (await store.get(one))?.bytes()) as Uint8Array] as const);
  return { files: new Map(await Promise.all(files)), states: writer.states };
}

/** Everything that a client can have of a trunk: its state and its packs, in bytes. */
async function everything(files: Files, known: State | undefined): Promise<string> {
  const store = new MemoryBackend();
  for (const [key, bytes] of files) await store.create(key, bytes);
  const cache = { load: async () => known && encodeSnapshot(known), save: async () => {} };
  const repository = new Repository(store, { cache });
  const state = await repository.readExisting();
  const parts = [encodeSnapshot(state)];
  for (const pack of state.packs.values()) {
    if (pack.name.kind !== "segment") parts.push(await downloadInline(store, pack, repository.records));
    else
      for (const part of ["pack", "index"] as const)
        for await (const chunk of downloadSegment(store, pack.pack as Segment, part)) parts.push(chunk);
  }
  return sha256(Buffer.concat(parts));
}

let own: Scene;
let other: Scene;
/** Where a client may begin: with nothing, or with what it knew of a slot. */
let starts: (State | undefined)[];
let right: string;

beforeAll(async () => {
  own = await makeTrunk(trunk, 1);
  other = await makeTrunk({ ...trunk, id: name(99) }, 2);
  starts = [undefined, own.states[1], own.states[snapshotSlot], own.states[7]];
  right = await everything(own.files, undefined);
});

/** `right`, or the code of the error; anything else than these two fails the test. */
async function outcome(files: Files, known: State | undefined, what: string): Promise<string> {
  try {
    if ((await everything(files, known)) !== right) expect.fail(`${what}: a wrong state, and nobody noticed`);
    return "right";
  } catch (error) {
    if (!isTrunksError(error)) throw error;
    if (error.code === "INTERNAL" || error.code === "INVALID_ARGUMENT") expect.fail(`${what}: ${error.message}`);
    return error.code;
  }
}

async function outcomes(files: Files, what: string, from: readonly (State | undefined)[] = starts): Promise<string[]> {
  const found: string[] = [];
  for (const known of from) found.push(await outcome(files, known, `${what}, from slot ${known?.slot}`));
  return found;
}

function changed(key: string, bytes: Uint8Array | undefined): Files {
  const files = new Map(own.files);
  if (bytes === undefined) files.delete(key);
  else files.set(key, bytes);
  return files;
}

describe("one file of a trunk is changed: what is read is right, or is refused", () => {
  test("nothing is changed", async () => {
    expect(await outcomes(own.files, "whole")).toEqual(["right", "right", "right", "right"]);
    expect(own.files.size).toBe(19);
  });

  test("a bit anywhere", async () => {
    const tally: Record<string, number> = {};
    for (const [key, bytes] of own.files) {
      for (let at = 0; at < bytes.length; at += key.startsWith("objects/") ? 17 : 1) {
        const start = starts[at % starts.length];
        const flipped = bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)));
        const found = await outcome(changed(key, flipped), start, `${key}, byte ${at}`);
        tally[found] = (tally[found] ?? 0) + 1;
      }
    }
    expect(Object.keys(tally).sort()).toEqual(["CORRUPT", "right"]);
  });

  test("its end is missing, or more follows", async () => {
    for (const [key, bytes] of own.files) {
      const lengths = [0, 1, 15, 16, 17, bytes.length >> 1, bytes.length - 200, bytes.length - 2, bytes.length - 1];
      for (const length of lengths)
        await outcomes(changed(key, bytes.slice(0, Math.max(0, length))), `${key}, ${length} bytes`);
      for (const more of ["\n", "\0", "x\n\n"])
        await outcomes(changed(key, Buffer.concat([bytes, Buffer.from(more)])), `${key} and more`);
    }
  });

  test("it is missing, and is not the next record but one of a reader who knows the rest", async () => {
    for (const key of own.files.keys()) {
      const from = starts.filter(
        (known) => key !== recordKey(newest) && key !== recordKey((known?.slot ?? newest) + 2),
      );
      await outcomes(changed(key, undefined), `without ${key}`, from);
    }
  });

  test("it stands in another's place", async () => {
    for (const [key, bytes] of own.files) {
      for (const [place, others] of own.files) {
        if (place <= key) continue;
        const files = new Map(own.files).set(key, others).set(place, bytes);
        await outcomes(files, `${key} and ${place} exchanged`);
        await outcomes(changed(place, bytes), `${key} in place of ${place}`);
        await outcomes(changed(key, others), `${place} in place of ${key}`);
      }
    }
  });

  test("it is that of another trunk", async () => {
    for (const [key, bytes] of other.files) await outcomes(changed(key, bytes), `${key} of another trunk`);
  });

  test("it is an older one of the same trunk", async () => {
    const key = snapshotKey(snapshotSlot, name(0));
    for (const state of own.states.slice(0, snapshotSlot))
      await outcomes(changed(key, encodeSnapshot(state)), `slot ${state.slot} for ${key}`);
  });
});

describe("what must be right in spite of it", () => {
  test.each(["trunk.json", latestKey, `doomed/${name(2)}`])(
    "%s is damaged or missing, and a cold reader does without",
    async (key) => {
      const cold = [undefined];
      expect(await outcomes(changed(key, undefined), key, cold)).toEqual(["right"]);
      expect(await outcomes(changed(key, new Uint8Array(9)), key, cold)).toEqual(["right"]);
      expect(await outcomes(changed(key, other.files.get(key)), key, cold)).toEqual(["right"]);
    },
  );

  test("records before the snapshot", async () => {
    for (let slot = 0; slot < 4; slot++)
      expect(await outcome(changed(recordKey(slot), undefined), undefined, "")).toBe("right");
  });
});

/** What may become of a page of a listing, of which `first` is the first one of its prefix. */
const lies: Record<string, (page: ListPage, first: ListPage) => ListPage> = {
  "is empty": () => ({ keys: [], more: false }),
  "is empty, and more shall follow": () => ({ keys: [], more: true }),
  "lacks its first key": ({ keys, more }) => ({ keys: keys.slice(1), more }),
  "lacks its last key": ({ keys, more }) => ({ keys: keys.slice(0, -1), more }),
  "lacks every other key": ({ keys, more }) => ({ keys: keys.filter((_, index) => index % 2 === 1), more }),
  "is the last one, but was not": ({ keys }) => ({ keys, more: false }),
  "is followed by others, but was the last": ({ keys }) => ({ keys, more: true }),
  "comes again and again": (_, { keys }) => ({ keys, more: true }),
  "is turned round": ({ keys, more }) => ({ keys: [...keys].reverse(), more }),
  "has each key twice": ({ keys, more }) => ({ keys: keys.flatMap((listed) => [listed, listed]), more }),
  "has others' keys": ({ keys, more }) => ({ keys: [{ key: "journal/x", size: 1, modifiedMs: 0 }, ...keys], more }),
};

async function lying(lie: (typeof lies)[string], promptList: boolean, files = own.files): Promise<Backend> {
  const store = new MemoryBackend();
  for (const [key, bytes] of files) await store.create(key, bytes);
  const firsts = new Map<string, ListPage>();
  const backend = visited(store, async ({ operation, key }, send) => {
    const answer = await send();
    if (operation !== "list") return answer;
    const page = answer as ListPage;
    const first = firsts.get(key) ?? page;
    firsts.set(key, first);
    return lie(page, first);
  });
  return { ...backend, capabilities: { ...backend.capabilities, promptList } };
}

describe("a page of a listing", () => {
  test.each(Object.entries(lies))("%s: what is read was right once, or is refused", async (_, lie) => {
    for (const promptList of [true, false]) {
      for (const known of starts) {
        const cache = { load: async () => known && encodeSnapshot(known), save: async () => {} };
        const repository = new Repository(await lying(lie, promptList), { cache });
        const state = await repository.readExisting().catch((error) => {
          if (isTrunksError(error, "CORRUPT")) return undefined;
          throw error;
        });
        if (state === undefined) continue;
        const former = own.states[state.slot] as State;
        expect(Buffer.compare(encodeSnapshot(state), encodeSnapshot(former))).toBe(0);
        expect(state.slot).toBeGreaterThanOrEqual(known?.slot ?? 0);
        // A store that lists late is not believed when it says that there is no more.
        if (!promptList) expect(state.slot).toBe(newest);
      }
    }
  });

  test.each(Object.entries(lies))("%s: a push is added to what is there, or is refused", async (_, lie) => {
    // Before the trunk had a mirror, which no test has.
    const last = 7;
    const young = new Map(own.files);
    for (let slot = last + 1; slot <= newest; slot++) young.delete(recordKey(slot));
    for (const known of starts) {
      const backend = await lying(lie, true, young);
      const cache = { load: async () => known && encodeSnapshot(known), save: async () => {} };
      const repository = new Repository(backend, { cache });
      const ref = "refs/heads/pushed";
      const made = await (async () => {
        const state = await repository.readExisting();
        const outcome = await repository.publish({ basis: state.slot, assumed: [], moves: [move(ref, 0, 77)] });
        expect(outcome).toMatchObject({ moves: ["applied"] });
        return outcome.state;
      })().catch((error) => {
        if (isTrunksError(error, "CORRUPT")) return undefined;
        throw error;
      });
      if (made === undefined) continue;
      expect(made.slot).toBe(last + 1);
      expect([...made.refs.keys()]).toEqual(expect.arrayContaining([...(own.states[last] as State).refs.keys(), ref]));
    }
  });
});

describe("what nobody can notice who knows nothing", () => {
  test("the newest record is missing: the state before it", async () => {
    const store = new MemoryBackend();
    for (const [key, bytes] of changed(recordKey(newest), undefined)) await store.create(key, bytes);
    const state = await new Repository(store).readExisting();
    expect(Buffer.compare(encodeSnapshot(state), encodeSnapshot(own.states[newest - 1] as State))).toBe(0);
    // Who has seen it notices, before a push.
    const cache = { load: async () => encodeSnapshot(own.states[newest] as State), save: async () => {} };
    await expect(new Repository(store, { cache }).read({ forPush: true })).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test("nor who knows much, and asks in one round: the next record but one is missing, the state before it", async () => {
    const known = own.states[snapshotSlot] as State;
    const store = new MemoryBackend();
    for (const [key, bytes] of changed(recordKey(snapshotSlot + 2), undefined)) await store.create(key, bytes);
    const cache = { load: async () => encodeSnapshot(known), save: async () => {} };
    const state = (await new Repository(store, { cache }).read()) as State;
    expect(Buffer.compare(encodeSnapshot(state), encodeSnapshot(own.states[snapshotSlot + 1] as State))).toBe(0);
  });

  test("all files are another trunk's: that trunk", async () => {
    const store = new MemoryBackend();
    for (const [key, bytes] of other.files) await store.create(key, bytes);
    expect((await new Repository(store).readExisting()).trunkId).toBe(name(99));
    const cache = { load: async () => encodeSnapshot(own.states[3] as State), save: async () => {} };
    await expect(new Repository(store, { cache }).read()).rejects.toMatchObject({ code: "CORRUPT" });
  });
});
