import {
  copyPack,
  type FetchSelection,
  FetchSelector,
  type ObjectReader,
  type ObjectReaderOptions,
  type State,
} from "@trunks/repo";
import type { FetchRequest } from "./fetch-request.ts";
import { dataPacket, delimiterPacket, flushPacket, maxPacketData } from "./packet-line.ts";

export interface PartialFetchContext {
  /** Reads the trunk's objects, in ranges of a size that suits. */
  open(settings: Pick<ObjectReaderOptions, "blockSizeBytes" | "gapSizeBytes">): ObjectReader;
  write(bytes: Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
}

/** Of some objects here and there, little is read beside them. */
export const scattered = { blockSizeBytes: 2 ** 14, gapSizeBytes: 2 ** 16 };
/** All of a history is walked through from one end to the other, and most of its commits and trees are wanted. */
const throughout = { blockSizeBytes: 2 ** 20, gapSizeBytes: 2 ** 20 };

/** Answers requests for a part of the history or of the objects, from what it reads of the trunk by range. */
export class PartialFetch {
  readonly #state: State;
  readonly #context: PartialFetchContext;
  #objects: ObjectReader | undefined;
  #selector: FetchSelector | undefined;

  constructor(state: State, context: PartialFetchContext) {
    this.#state = state;
    this.#context = context;
  }

  /** False, and nothing was written, when stock git has to answer. */
  async answer({ question, done, tellsEnds }: FetchRequest): Promise<boolean> {
    const { write, signal } = this.#context;
    const isWhole = question.haves.length === 0 && question.depth === undefined;
    this.#objects ??= this.#context.open(isWhole ? throughout : scattered);
    this.#selector ??= new FetchSelector(this.#objects, this.#state);
    const objects = this.#objects;
    const selector = this.#selector;
    const opening: Uint8Array[] = [];
    if (question.haves.length > 0 && !done) {
      const { common, enough } = await selector.negotiate(question, { signal });
      const lines = common.length === 0 ? ["NAK"] : common.map((id) => `ACK ${id}`);
      opening.push(
        ...["acknowledgments", ...lines, ...(enough ? ["ready"] : [])].map((line) => dataPacket(`${line}\n`)),
      );
      if (!enough) {
        await write(Buffer.concat([...opening, flushPacket]));
        return true;
      }
      opening.push(delimiterPacket);
    }
    const selection = await selector.select(question, { signal });
    if (selection === undefined) return false;
    if (tellsEnds) opening.push(...endsSection(selection));
    await write(Buffer.concat(opening));
    const pack = packStream(objects, this.#state, selection.ids, signal);
    await writePack(pack, write);
    return true;
  }
}

function endsSection({ shallow, unshallow }: FetchSelection): Uint8Array[] {
  const lines = ["shallow-info", ...shallow.map((id) => `shallow ${id}`), ...unshallow.map((id) => `unshallow ${id}`)];
  return [...lines.map((line) => dataPacket(`${line}\n`)), delimiterPacket];
}

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

/** The section of an answer that holds the pack, and the answer's end. */
export async function writePack(pack: AsyncIterable<Uint8Array>, write: PartialFetchContext["write"]): Promise<void> {
  const band = Uint8Array.of(1);
  await write(dataPacket("packfile\n"));
  for await (const chunk of pack) {
    for (let at = 0; at < chunk.length; at += maxPacketData - 1) {
      await write(dataPacket(Buffer.concat([band, chunk.subarray(at, at + maxPacketData - 1)])));
    }
  }
  await write(flushPacket);
}
