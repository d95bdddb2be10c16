import { recordKey, recordKeySlot, snapshotKey } from "../../../src/format/key.ts";
import { packNameText } from "../../../src/format/pack-name.ts";
import { slotDigest, slotOpeningLength } from "../../../src/format/record.ts";
import type { State } from "../../../src/format/state.ts";
import { encodeStub } from "../../journal-writer.ts";
import { isPast, rounds } from "../rounds.ts";
import { count, type Process, type Scene } from "../scene.ts";

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
