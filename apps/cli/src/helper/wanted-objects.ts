import { type ObjectReader, type State, treeEntries, treeMode } from "@trunks/repo";
import { packStream } from "./pack-stream.ts";

/** So few wanted objects are looked at for trees, whose own trees are then sent too; of more, a checkout wants the blobs. */
const maxLookedAt = 16;

/**
 * Streams one pack of these objects and all trees below them, read from the trunk by range; `undefined` when a commit or a
 * tag is among them, which only a walk through history can answer. Throws `NOT_FOUND` when one is not there.
 */
export async function packOfObjects(
  ids: readonly string[],
  state: State,
  objects: ObjectReader,
  { signal }: { readonly signal: AbortSignal },
): Promise<AsyncGenerator<Uint8Array> | undefined> {
  const wanted = ids.length > maxLookedAt ? new Set(ids) : await withTrees(ids, state, objects, signal);
  return wanted && packStream(objects, state, wanted, signal);
}

async function withTrees(
  ids: readonly string[],
  state: State,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const infos = await Promise.all(ids.map((id) => objects.info(id, { signal })));
  if (infos.some((info) => info?.type === "commit" || info?.type === "tag")) return undefined;
  const found = new Set(ids);
  let level = ids.filter((_, index) => infos[index]?.type === "tree");
  while (level.length > 0) {
    const below: string[] = [];
    for await (const { data } of objects.readMany(level, { signal })) {
      for (const { mode, id } of treeEntries(state.objects, data)) {
        if (mode !== treeMode || found.has(id)) continue;
        found.add(id);
        below.push(id);
      }
    }
    level = below;
  }
  return found;
}
