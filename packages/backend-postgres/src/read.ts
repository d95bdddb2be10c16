import { type ByteRange, bytesContent, type Content, resolveRange, streamContent } from "@trunks/core";
import { type Attempt, abortedError } from "./failure.ts";
import type { PostgresStore } from "./store.ts";

/** So much of a body comes with one answer. */
const answerBytes = 4 * 2 ** 20;
/** Enough for chunks of the size that is written today. */
const firstChunks = 4;

interface FirstRow {
  readonly size: number;
  readonly content: string | null;
  readonly chunk_size: number | null;
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array | null;
}

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
  const { keyPrefix } = store.options;
  const statement = store.statements.read(keyPrefix + key, suffix ? range.suffix : start, end, suffix, firstChunks);
  const rows = (await store.read(statement, attempt)).rows as unknown as readonly FirstRow[];
  const [row] = rows;
  if (row === undefined) return undefined;
  const { size, first, content } = row;
  const last = Math.max(first, row.last);
  const chunks = rows.map(({ bytes }) => bytes ?? new Uint8Array(0));
  if (content === null) return bytesContent(chunks[0] ?? new Uint8Array(0), size);
  const rest = { content, chunkSize: row.chunk_size ?? 0, last };
  return streamContent(contentStream(store, attempt, chunks, first, rest), last - first, size);
}

/** What is left of a content. */
interface Rest {
  readonly content: string;
  readonly chunkSize: number;
  readonly last: number;
}

/** A content that is replaced or deleted meanwhile ends early, which `streamContent` makes an error. */
async function* contentStream(
  store: PostgresStore,
  attempt: Attempt,
  firstChunks: readonly Uint8Array[],
  first: number,
  { content, chunkSize, last }: Rest,
): AsyncGenerator<Uint8Array> {
  const { signal } = attempt;
  let offset = first;
  for (let chunks = firstChunks; ; ) {
    for (const bytes of chunks) {
      if (signal?.aborted) throw abortedError(signal);
      if (bytes.length > 0) yield bytes;
      offset += bytes.length;
    }
    if (signal?.aborted) throw abortedError(signal);
    if (offset >= last) return;
    const until = Math.min(
      last,
      (Math.floor(offset / chunkSize) + Math.max(1, Math.floor(answerBytes / chunkSize))) * chunkSize,
    );
    const { rows } = await store.run(store.statements.readContent(content, chunkSize, offset, until), attempt);
    if (rows.length === 0) return;
    chunks = rows.map(({ bytes }) => bytes as Uint8Array);
  }
}
