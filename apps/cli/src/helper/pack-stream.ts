import { copyPack, type ObjectReader, type State } from "@trunks/repo";
import { maxPacketData } from "./packet-line.ts";

/** Streams one pack of these objects. */
export async function* packStream(
  objects: ObjectReader,
  state: State,
  ids: Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sink = writable.getWriter();
  const written = copyPack(objects, state.objects, ids, (bytes) => sink.write(bytes), { signal }).then(() =>
    sink.close(),
  );
  // A failure reaches the reader through the stream.
  written.catch((error) => sink.abort(error)).catch(() => {});
  yield* gathered(readable);
  await written;
}

/** Small pieces are many, and each would become a packet of its own. */
async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < maxPacketData) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
