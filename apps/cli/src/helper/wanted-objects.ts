import { isTrunksError, TrunksError } from "@trunks/core";
import { type ObjectReader, PackWriter, type Repository, type State, treeEntries } from "@trunks/repo";
import { cachedObjects } from "./cached-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

export interface WantedObjectsContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly signal: AbortSignal;
}

/** So few wanted objects are looked at for trees, whose own trees are then sent too; of more, a checkout wants the blobs. */
const maxLookedAt = 16;
const treeMode = 0o40000;

/**
 * Streams one pack of these objects and all trees below them, read from the trunk by range; `undefined` when a commit or a
 * tag is among them, which only a walk through history can answer. Throws `NOT_FOUND` when one is not there.
 */
export async function packOfObjects(
  ids: readonly string[],
  state: State,
  context: WantedObjectsContext,
): Promise<AsyncGenerator<Uint8Array> | undefined> {
  const { repository, local, signal } = context;
  const objects = cachedObjects(repository, local, state);
  const wanted = ids.length > maxLookedAt ? new Set(ids) : await withTrees(ids, state, objects, signal);
  return wanted && streamPack(wanted, state, objects, signal);
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

async function* streamPack(
  wanted: Set<string>,
  state: State,
  objects: ObjectReader,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sink = writable.getWriter();
  const written = writePack(wanted, state, objects, sink, signal);
  // A failure reaches the reader through the stream.
  written.catch((error) => sink.abort(error)).catch(() => {});
  yield* readable;
  await written;
}

async function writePack(
  wanted: Set<string>,
  state: State,
  objects: ObjectReader,
  sink: WritableStreamDefaultWriter<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const writer = new PackWriter(state.objects, wanted.size, (bytes) => sink.write(bytes));
  try {
    for await (const object of objects.readMany(wanted, { signal })) wanted.delete(await writer.add(object));
  } catch (error) {
    // The largest blobs are read as streams only.
    if (!isTrunksError(error, "NOT_SUPPORTED")) throw error;
  }
  for (const id of wanted) {
    const object = await objects.readStream(id, { signal });
    if (object === undefined) throw new TrunksError("NOT_FOUND", `object ${id} is in no pack`);
    await writer.addStream(object.type, object.size, object);
  }
  await writer.finish();
  await sink.close();
}
