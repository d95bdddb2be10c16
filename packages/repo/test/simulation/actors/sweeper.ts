import { recordKey } from "../../../src/format/key.ts";
import { packKeys, packNameOfKey } from "../../../src/format/pack-name.ts";
import type { TrunkRecord } from "../../../src/format/record.ts";
import { encodeText } from "../../../src/format/text.ts";
import { sha256 } from "../../samples.ts";
import { append, isPast, rounds } from "../rounds.ts";
import { count, type Process, type Scene } from "../scene.ts";

/** Deletes segments and intents that are old and in no catalogue: names them first, waits for nobody, then deletes. */
export function sweeper(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const { backend } = process;
    const { random } = scene.world;
    const [segments, intents] = [await backend.list("objects/"), await backend.list("intents/")];
    const listed = [...segments.keys, ...intents.keys];
    const isOld = (modifiedMs: number) => scene.lapses.sweepsAtOnce || isPast(scene, modifiedMs);
    const old = listed.filter(({ modifiedMs }) => isOld(modifiedMs)).map(({ key }) => key);
    const state = await process.read(process.repository());
    const journal = new Map((await backend.list("journal/")).keys.map(({ key, modifiedMs }) => [key, modifiedMs]));
    const inGrace = [...state.retired.values()].filter(({ slot }) => !isOld(journal.get(recordKey(slot)) ?? Infinity));
    const kept = new Set([...state.packs.values(), ...inGrace].flatMap(({ name }) => packKeys(name)));
    const doomed = old.filter((key) => !kept.has(key));
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
