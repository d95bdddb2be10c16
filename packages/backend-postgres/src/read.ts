import { abortedError, type ByteRange, bytesContent, type Content, resolveRange, streamContent } from "@trunks/core";
import type { BinaryRow } from "./copy-out.ts";
import type { Attempt } from "./failure.ts";
import type { PostgresStore } from "./store.ts";

/** About so much of a body comes with one answer. */
const answerBytes = 4 * 2 ** 20;

/** Reads a body or a part of it: see `Backend.get`. One statement for each 4 MiB, the next when it is asked for. */
export async function readBody(
  store: PostgresStore,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  // A range that is none is refused before anything is sent.
  const { start, end } = resolveRange(range, Number.MAX_SAFE_INTEGER);
  const suffix = range !== undefined && "suffix" in range;
  const attempt: Attempt = { operation: "get", key, loss: "harmless", signal };
  const fullKey = store.options.keyPrefix + key;
  const select = store.statements.read(fullKey, suffix ? range.suffix : start, end, suffix, answerBytes);
  const rows = await store.copy(select, attempt);
  const [row] = rows;
  if (row === undefined) return undefined;
  const [size, content, chunkSize, first, askedLast, bytes] = row;
  const last = Math.max(int64(first), int64(askedLast));
  if (content === null) return bytesContent(bytes ?? new Uint8Array(0), int64(size));
  const part: Part = {
    content: (content as Buffer).toString("utf8"),
    chunkSize: (chunkSize as Buffer).readInt32BE(),
    first: int64(first),
    last,
  };
  return streamContent(partStream(store, attempt, part, rows), last - part.first, int64(size));
}

/** Some bytes of a content. */
interface Part {
  readonly content: string;
  readonly chunkSize: number;
  readonly first: number;
  readonly last: number;
}

/** A content that is replaced or deleted meanwhile ends early, which `streamContent` makes an error. */
async function* partStream(
  store: PostgresStore,
  attempt: Attempt,
  { content, chunkSize, first, last }: Part,
  firstRows: readonly BinaryRow[],
): AsyncGenerator<Uint8Array> {
  const { signal } = attempt;
  let offset = first;
  for (let rows = firstRows; rows.length > 0; ) {
    for (const bytes of rows.map((row) => row.at(-1))) {
      if (signal?.aborted) throw abortedError(signal);
      if (bytes) yield bytes;
      offset += bytes?.length ?? 0;
    }
    if (signal?.aborted) throw abortedError(signal);
    if (offset >= last) return;
    const until = Math.min(last, offset + Math.max(answerBytes, chunkSize));
    rows = await store.copy(store.statements.readContent(content, chunkSize, offset, until), attempt);
  }
}

function int64(bytes: Buffer | null | undefined): number {
  return Number(bytes?.readBigInt64BE() ?? 0);
}
