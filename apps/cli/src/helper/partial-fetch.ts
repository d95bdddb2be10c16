import {
  type FetchSelection,
  FetchSelector,
  type ObjectReader,
  type ObjectReaderOptions,
  type State,
} from "@trunks/repo";
import type { FetchRequest } from "./fetch-request.ts";
import { packStream } from "./pack-stream.ts";
import { dataPacket, delimiterPacket, flushPacket, maxPacketData } from "./packet-line.ts";
import { type SparseContext, withoutUnmatched } from "./sparse-blobs.ts";

export interface PartialFetchContext extends SparseContext {
  /** Reads the trunk's objects where they are `scattered`. */
  readonly objects: ObjectReader;
  /** Reads the trunk's objects, in ranges of a size that suits. */
  open(settings: ObjectReaderOptions): ObjectReader;
  write(bytes: Uint8Array): Promise<void>;
}

/** What is kept of packs and of bases: the lists of what a filter chooses take memory, too. */
const caches = { blockCacheSizeBytes: 2 ** 24, baseCacheSizeBytes: 2 ** 23, rangeSizeBytes: 2 ** 22 };
/** Of some objects here and there, little is read beside them. */
export const scattered = { ...caches, blockSizeBytes: 2 ** 14, gapSizeBytes: 2 ** 16 };
/** Of all commits, which stand together and are walked through from one end to the other. */
const throughout = { ...caches, blockSizeBytes: 2 ** 20, gapSizeBytes: 2 ** 20 };

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
  async answer({ question, patterns, done, tellsEnds }: FetchRequest): Promise<boolean> {
    const { write, signal } = this.#context;
    const isWhole = question.haves.length === 0 && question.depth === undefined;
    const isCommitsOnly = isWhole && question.filter.treeDepth === 0;
    this.#objects ??= isCommitsOnly ? this.#context.open(throughout) : this.#context.objects;
    const objects = this.#objects;
    const openCommits = () => (isWhole && !isCommitsOnly ? this.#context.open(throughout) : objects);
    this.#selector ??= new FetchSelector(objects, this.#state, openCommits);
    const opening: Uint8Array[] = [];
    if (question.haves.length > 0 && !done) {
      const { common, enough } = await this.#selector.negotiate(question, { signal });
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
    const selection = await this.#selector.select(question, { signal });
    // All that was read of a whole history has served its turn.
    if (isWhole) this.#selector = undefined;
    if (selection === undefined) return false;
    if (tellsEnds) opening.push(...endsSection(selection));
    const ids =
      patterns === undefined
        ? selection.ids
        : await withoutUnmatched(patterns, selection, objects, this.#state, this.#context);
    if (ids === undefined) return false;
    await write(Buffer.concat(opening));
    const pack = packStream(objects, this.#state, ids, signal);
    await writePack(pack, write);
    return true;
  }
}

function endsSection({ shallow, unshallow }: FetchSelection): Uint8Array[] {
  const lines = ["shallow-info", ...shallow.map((id) => `shallow ${id}`), ...unshallow.map((id) => `unshallow ${id}`)];
  return [...lines.map((line) => dataPacket(`${line}\n`)), delimiterPacket];
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
