import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import { fileKeys } from "../format/container.ts";
import { damaged } from "../format/headed-file.ts";
import { intentKey, recordKey } from "../format/key.ts";
import type { InlinePack, PackName, Segment } from "../format/pack-name.ts";
import { decodeSlot } from "../format/record.ts";
import type { CataloguePack } from "../format/state.ts";
import type { ReadRecord } from "../journal/slots.ts";
import type { ObjectFormat } from "../pack/object-format.ts";
import { PackIndex } from "../pack/pack-index.ts";
import { createDigest, sha256Hex } from "../platform.ts";

/**
 * Streams the pack or the index of a segment or a container, front to back, by parallel ranges in bounded memory. Every byte is checked: size and
 * digest are what the journal says, or the stream ends in `CORRUPT`; what was yielded before must then be thrown away.
 * A key that is gone throws `NOT_FOUND`: the segment may have been retired, so read the state again.
 */
export async function* downloadSegment(
  backend: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions = {},
): AsyncGenerator<Uint8Array> {
  const key = fileKeys(segment)[part];
  const size = part === "pack" ? segment.size : segment.indexSize;
  const expected = part === "pack" ? segment.digest : segment.indexDigest;
  const digest = createDigest("sha256");
  for await (const chunk of rangesInOrder(backend, key, size, options)) {
    digest.update(chunk);
    yield chunk;
  }
  if (digest.hex() !== expected) throw damaged(key, "its bytes do not match their digest");
}

/** The same in one piece, for what may be in memory. `progress` is told of bytes when they come, before all are checked. */
export async function downloadWhole(
  backend: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions & { readonly progress?: (sizeBytes: number) => void } = {},
): Promise<Uint8Array> {
  const size = part === "pack" ? segment.size : segment.indexSize;
  const { rangeSizeBytes } = backend.capabilities;
  if (size <= rangeSizeBytes) return downloadAtOnce(backend, segment, part, options);
  let bytes = new Uint8Array();
  let filled = 0;
  for await (const chunk of downloadSegment(backend, segment, part, options)) {
    // Not before the store has said that it is so large: a damaged record may claim any size.
    if (filled === 0) bytes = new Uint8Array(size);
    bytes.set(chunk, filled);
    filled += chunk.length;
    options.progress?.(chunk.length);
  }
  if (filled !== size) throw damaged(fileKeys(segment)[part], "it is cut short");
  return bytes;
}

/** By one request: most segments are small, and there may be many. */
async function downloadAtOnce(
  backend: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions & { readonly progress?: (sizeBytes: number) => void },
): Promise<Uint8Array> {
  const key = fileKeys(segment)[part];
  const { size, digest } = part === "pack" ? segment : { size: segment.indexSize, digest: segment.indexDigest };
  const bytes = await (await contentOf(backend, key, size, undefined, options)).bytes();
  options.progress?.(bytes.length);
  if (sha256Hex(bytes) !== digest) throw damaged(key, "its bytes do not match their digest");
  return bytes;
}

/** The index of a segment or a container, read whole and checked. */
export async function downloadIndex(
  backend: Backend,
  format: ObjectFormat,
  segment: Segment,
  options?: RequestOptions,
): Promise<PackIndex> {
  return new PackIndex(format, await downloadWhole(backend, segment, "index", options), segment.size);
}

/**
 * The inline pack of a record or an intent, checked; from `records` when it was read already. A pack that is gone, also
 * when a stub stands in place of its record, throws `NOT_FOUND`: it was retired, so read the state again.
 */
export async function downloadInline(
  backend: Backend,
  pack: CataloguePack,
  records: readonly ReadRecord[] = [],
  options: RequestOptions = {},
): Promise<Uint8Array> {
  const { name } = pack;
  const read = name.kind === "record" ? records.find(({ record }) => record.slot === name.slot) : undefined;
  if (read?.pack !== undefined) return read.pack; // Checked when it was read.
  const { size, digest } = pack.pack as InlinePack;
  const key = inlineKey(name);
  const content = await backend.get(key, { ...options, range: { suffix: size } });
  if (content === undefined) throw missing(key);
  const bytes = await content.bytes();
  if (bytes.length === size && sha256Hex(bytes) === digest) return bytes;
  if (name.kind === "record" && (await isStub(backend, name.slot, options))) throw missing(key);
  throw damaged(key, "its pack does not match its digest");
}

async function isStub(backend: Backend, slot: number, options: RequestOptions): Promise<boolean> {
  const content = await backend.get(recordKey(slot), options);
  return content !== undefined && decodeSlot(await content.bytes(), slot).kind === "stub";
}

function inlineKey(name: PackName): string {
  if (name.kind === "record") return recordKey(name.slot);
  if (name.kind === "intent") return intentKey(name.id);
  throw new TrunksError("INTERNAL", `a ${name.kind} is no inline pack`);
}

async function* rangesInOrder(
  backend: Backend,
  key: string,
  size: number,
  options: RequestOptions,
): AsyncGenerator<Uint8Array> {
  const { rangeSizeBytes, rangeConcurrency } = backend.capabilities;
  if (rangeConcurrency <= 1 || size <= rangeSizeBytes) {
    yield* await contentOf(backend, key, size, undefined, options);
    return;
  }
  const waiting: Promise<Uint8Array>[] = [];
  let next = 0;
  const begin = () => {
    const range = { start: next, end: Math.min(next + rangeSizeBytes, size) };
    next = range.end;
    const bytes = contentOf(backend, key, size, range, options).then((content) => content.bytes());
    bytes.catch(() => {}); // Its failure is thrown when its turn comes.
    waiting.push(bytes);
  };
  while (next < size && waiting.length < rangeConcurrency) begin();
  for (let bytes = waiting.shift(); bytes !== undefined; bytes = waiting.shift()) {
    yield await bytes;
    if (next < size) begin();
  }
}

async function contentOf(
  backend: Backend,
  key: string,
  size: number,
  range: { start: number; end: number } | undefined,
  options: RequestOptions,
) {
  const content = await backend.get(key, { ...options, range });
  if (content === undefined) throw missing(key);
  if (content.totalSize === size) return content;
  await content.cancel();
  throw damaged(key, `it has ${content.totalSize} bytes instead of ${size}`);
}

/** A key that the journal names is gone. */
export function missing(key: string): TrunksError {
  return new TrunksError("NOT_FOUND", `${key} is missing from the store`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}
