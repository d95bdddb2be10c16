import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { cache } from "@trunks/layers/cache";
import { type ObjectReader, PackWriter, type Repository, type State, trunkObjects } from "@trunks/repo";
import type { LocalRepository } from "./local-repository.ts";

export interface WantedObjectsContext {
  readonly repository: Repository;
  readonly local: LocalRepository;
  readonly signal: AbortSignal;
}

/** In bytes. Indexes and records that lazy fetches need again and again are kept in the clone up to this size. */
const cacheSizeBytes = 2 ** 30;

/** Streams one pack of exactly these objects, read from the trunk by range. Throws `NOT_FOUND` when one is not there. */
export async function* packOfObjects(
  ids: readonly string[],
  state: State,
  context: WantedObjectsContext,
): AsyncGenerator<Uint8Array> {
  const { repository, local, signal } = context;
  const folder = join(local.commonDir, "trunks", "cache", state.trunkId);
  const cacheable = (key: string) => key.endsWith(".idx") || key.startsWith("journal/") || key.startsWith("intents/");
  const backend = cache(repository.backend, { folder, maxBytes: cacheSizeBytes, cacheable });
  const objects = trunkObjects(backend, state, repository.records);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sink = writable.getWriter();
  const written = writePack(new Set(ids), state, objects, sink, signal);
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
