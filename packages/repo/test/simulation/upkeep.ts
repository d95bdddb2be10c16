import { isTrunksError } from "@trunks/core";
import { recordKey, recordKeySlot, snapshotKey } from "../../src/format/key.ts";
import { packKeys, packNameOfKey, packNameText, type Segment } from "../../src/format/pack-name.ts";
import { encodeRecord, slotDigest, slotOpeningLength, type TrunkRecord } from "../../src/format/record.ts";
import type { CataloguePack, State } from "../../src/format/state.ts";
import { encodeText } from "../../src/format/text.ts";
import { encodeStub } from "../journal-writer.ts";
import { recordAfter, sha256 } from "../samples.ts";
import { count, isAway, Process, type Scene } from "./scene.ts";
import { graceMs } from "./simulated-store.ts";
import { objectsOfPack, packOf } from "./truth.ts";

/** Upkeep as plain as may be; what it cannot finish it leaves. Answers what `work` does not throw, again and again. */
async function rounds(scene: Scene, number: number, longestMs: number, work: (process: Process) => Promise<void>) {
  const process = new Process(scene);
  for (let round = scene.world.rounds(number); round > 0; round--) {
    await process.nap(longestMs);
    try {
      await work(process);
    } catch (error) {
      if (!isAway(error) && !isTrunksError(error, "OUTCOME_UNKNOWN") && !isTrunksError(error, "NOT_FOUND")) throw error;
      scene.world.note(() => `gives up: ${(error as Error).message}`);
    }
  }
}

/** Takes the slot behind `state` with a record of upkeep; a slot that is lost ends the round. */
async function append(process: Process, state: State, fields: Partial<TrunkRecord>): Promise<boolean> {
  const { code, world } = process.scene;
  const record = recordAfter(state, fields);
  return code.appendRecord(process.backend, record.slot, encodeRecord(record), (ms) => world.sleep(ms));
}

/** Writes snapshots, puts stubs in place of records that nobody needs, and removes old snapshots. */
export function snapshotter(scene: Scene): Promise<void> {
  return rounds(scene, 4, 30_000, async (process) => {
    const { backend } = process;
    const state = await process.read(process.repository());
    if (state.slot < 0) return;
    const { random } = scene.world;
    const id = random.hex(32);
    await scene.code.writeSnapshot(backend, state, id);
    const journal = await backend.list("journal/");
    for (const listed of journal.keys) {
      const slot = recordKeySlot(listed.key) ?? -1;
      if (random.chance(0.3) || !isSpent(scene, state, slot, journal.keys)) continue;
      if (scene.lapses.deletesRecords) await backend.delete([listed.key]);
      else await putStub(process, state, slot, snapshotKey(state.slot, id));
    }
    const old = (await backend.list("refs/")).keys.slice(1).filter(({ modifiedMs }) => isPast(scene, modifiedMs));
    await backend.delete(old.map((listed) => listed.key));
  });
}

async function putStub({ backend, scene }: Process, state: State, slot: number, key: string): Promise<void> {
  const content = await backend.get(recordKey(slot), { range: { start: 0, end: slotOpeningLength } });
  const recordDigest = slotDigest((await content?.bytes()) as Uint8Array) as string;
  await backend.put(recordKey(slot), encodeStub({ trunkId: state.trunkId, slot, recordDigest, snapshotKey: key }));
  count(scene, "stub");
}

/** Whether the record lies below the snapshot, and its inline pack left the catalogue a grace time ago. */
function isSpent(
  scene: Scene,
  state: State,
  slot: number,
  journal: readonly { key: string; modifiedMs: number }[],
): boolean {
  const text = packNameText({ kind: "record", slot });
  if (slot >= state.slot || state.packs.has(text)) return false;
  const retired = state.retired.get(text);
  if (retired === undefined) return true;
  const retiredMs = journal.find(({ key }) => key === recordKey(retired.slot))?.modifiedMs;
  return retiredMs !== undefined && isPast(scene, retiredMs);
}

/** Packs many packs as one: all that they hold, or only what the refs reach, and then says that something was dropped. */
export function compactor(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const { world, truth, code } = scene;
    const repository = process.repository();
    const state = await process.read(repository);
    const drop = world.random.chance(0.6);
    const retired = [...state.packs.values()].filter(() => drop || world.random.chance(0.7));
    if (retired.length === 0) return;
    const objects = new Set<string>();
    if (drop) {
      for (const { id } of state.refs.values())
        for (let one: string | undefined = id; one !== undefined; one = truth.parents.get(one)) objects.add(one);
    } else {
      for (const pack of retired) for (const id of await objectsIn(process, pack)) objects.add(id);
    }
    const body = { pack: packOf([...objects]), index: encodeText("an index"), objectCount: objects.size };
    const bodies = objects.size === 0 ? [] : [body];
    const sleep = (ms: number) => world.sleep(ms);
    const segments = await code.uploadSegments(process.backend, bodies, () => world.random.hex(32), { sleep });
    await process.nap();
    const names = retired.map(({ name }) => name);
    if (await append(process, state, { retired: names, segments, drop })) count(scene, drop ? "drop" : "compaction");
  });
}

async function objectsIn({ backend, scene }: Process, pack: CataloguePack): Promise<string[]> {
  if (pack.name.kind !== "segment") return objectsOfPack(await scene.code.downloadInline(backend, pack));
  const chunks: Uint8Array[] = [];
  for await (const chunk of scene.code.downloadSegment(backend, pack.pack as Segment, "pack")) chunks.push(chunk);
  return chunks.flatMap(objectsOfPack);
}

/** Deletes segments and intents that are old and in no catalogue: names them first, waits for nobody, then deletes. */
export function sweeper(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const { backend } = process;
    const { random } = scene.world;
    const [segments, intents] = [await backend.list("objects/"), await backend.list("intents/")];
    const listed = [...segments.keys, ...intents.keys];
    const old = listed.filter(({ modifiedMs }) => isPast(scene, modifiedMs)).map(({ key }) => key);
    const state = await process.read(process.repository());
    const live = new Set([...state.packs.values()].flatMap(({ name }) => packKeys(name)));
    const doomed = old.filter((key) => !live.has(key));
    if (random.chance(0.3)) await process.nap();
    if (doomed.length === 0) return;
    if (!scene.lapses.sweepsUnnamed && !(await append(process, state, await doom(process, doomed)))) return;
    count(scene, "sweep");
    if (random.chance(0.3)) await process.nap();
    await backend.delete(doomed);
  });
}

/** The keys in the record itself, or in a list beside it. One key of a segment is as good as both. */
async function doom({ backend, scene }: Process, keys: readonly string[]): Promise<Partial<TrunkRecord>> {
  const { random } = scene.world;
  if (random.chance(0.7)) return { doomed: keys };
  const names = keys.map((key) => packNameOfKey(key));
  const packs = new Set(names.map((name) => (name === undefined ? "" : (packKeys(name)[0] as string))));
  const list = encodeText([...packs].map((key) => `${key}\n`).join(""));
  const key = `doomed/${random.hex(32)}`;
  await backend.create(key, list);
  return { doomLists: [{ key, size: list.length, digest: sha256(list) }] };
}

/** Carries entries that were judged long ago, as a careless carrier might: nothing may come of it. */
export function carrier(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const repository = process.repository();
    const state = await process.read(repository);
    const entries = repository.records
      .flatMap(({ record }) => record.entries)
      .filter(({ inline }) => inline === undefined);
    if (entries.length === 0) return;
    const carried = entries.filter(() => scene.world.random.chance(0.5)).map((entry) => ({ ...entry, carried: true }));
    if (await append(process, state, { entries: carried })) count(scene, "carried");
  });
}

function isPast(scene: Scene, modifiedMs: number): boolean {
  return scene.world.nowMs - modifiedMs > graceMs;
}
