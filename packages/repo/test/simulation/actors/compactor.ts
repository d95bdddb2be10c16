import type { Segment } from "../../../src/format/pack-name.ts";
import type { CataloguePack } from "../../../src/format/state.ts";
import { ancestry, type PackedObject } from "../commits.ts";
import { append, rounds } from "../rounds.ts";
import { count, type Process, type Scene } from "../scene.ts";

/** Packs many packs as one: all that they hold, or only what the refs reach, and then says that something was dropped. */
export function compactor(scene: Scene): Promise<void> {
  return rounds(scene, 4, 60_000, async (process) => {
    const { world, commits, code } = scene;
    const repository = process.repository();
    const state = await process.read(repository);
    const drop = world.random.chance(0.6);
    const retired = [...state.packs.values()].filter(() => drop || world.random.chance(0.7));
    if (retired.length === 0) return;
    const objects = new Set<string>();
    if (drop) {
      for (const { id } of state.refs.values()) for (const one of ancestry(commits, id)) objects.add(one);
    } else {
      for (const pack of retired) for (const { id } of await objectsIn(process, pack)) objects.add(id);
    }
    const bodies = objects.size === 0 ? [] : [await commits.pack(objects)];
    const sleep = (ms: number) => world.sleep(ms);
    const segments = await code.uploadSegments(process.backend, bodies, () => process.newId(), { sleep });
    await process.nap();
    const names = retired.map(({ name }) => name);
    if (await append(process, state, { retired: names, segments, drop })) count(scene, drop ? "drop" : "compaction");
  });
}

async function objectsIn({ backend, scene }: Process, pack: CataloguePack): Promise<readonly PackedObject[]> {
  const { code, commits } = scene;
  if (pack.name.kind !== "segment") return commits.objectsIn(pack, await code.downloadInline(backend, pack), undefined);
  const chunks: Uint8Array[] = [];
  for await (const chunk of code.downloadSegment(backend, pack.pack as Segment, "pack")) chunks.push(chunk);
  return commits.objectsIn(pack, Buffer.concat(chunks), undefined);
}
