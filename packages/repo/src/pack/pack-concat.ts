import { type Body, bodySize, bodySlice, TrunksError } from "@trunks/core";
import { createDigest, hexFromBytes } from "../platform.ts";
import { type ObjectFormat, objectIdSizeBytes } from "./object-format.ts";
import { packHeader, packHeaderSizeBytes, parsePackHeader } from "./pack-header.ts";
import type { IndexedEntry, PackIndex } from "./pack-index.ts";

/** A pack to be joined with others. */
export interface PackPart {
  /** What messages call it. */
  readonly name: string;
  readonly body: Body;
}

/**
 * One pack with the entries of all parts, in their order, streamed. Entries move as they are: a delta finds its base by the
 * distance between them, which stays, or by id. An object that several parts hold is in the result as often, which Git reads
 * and `git index-pack --strict` refuses. Each part is read twice, first its header only; throws `CORRUPT` for a part that
 * is no pack or does not match its checksum, at the latest at its end.
 */
export async function* concatPacks(format: ObjectFormat, parts: readonly PackPart[]): AsyncGenerator<Uint8Array> {
  let objectCount = 0;
  for (const part of parts) objectCount += await readObjectCount(part);
  if (objectCount >= 2 ** 32) throw new TrunksError("NOT_SUPPORTED", `a pack cannot hold ${objectCount} objects`);
  const digest = createDigest(format);
  const header = packHeader(objectCount);
  digest.update(header);
  yield header;
  for (const part of parts) {
    for await (const piece of entryBytes(format, part)) {
      digest.update(piece);
      yield piece;
    }
  }
  yield digest.bytes();
}

/** The entries of the pack that `concatPacks` makes of the packs of these indexes, for its own index. */
export function concatEntries(indexes: readonly PackIndex[]): IndexedEntry[] {
  const entries: IndexedEntry[] = [];
  let shift = 0;
  for (const index of indexes) {
    for (const entry of index.entries()) entries.push({ ...entry, offset: entry.offset + shift });
    shift += index.packSize - packHeaderSizeBytes - objectIdSizeBytes(index.format);
  }
  return entries;
}

async function readObjectCount(part: PackPart): Promise<number> {
  const header = new Uint8Array(packHeaderSizeBytes);
  let filled = 0;
  for await (const piece of bodySlice(part.body, 0, Math.min(header.length, bodySize(part.body)))) {
    header.set(piece.subarray(0, header.length - filled), filled);
    filled += piece.length;
  }
  return explained(part, () => parsePackHeader(header.subarray(0, filled)));
}

/** A part's bytes between its header and its checksum, which is compared at the end. */
async function* entryBytes(format: ObjectFormat, part: PackPart): AsyncGenerator<Uint8Array> {
  const end = bodySize(part.body) - objectIdSizeBytes(format);
  if (end < packHeaderSizeBytes) throw corrupt(part, "is cut short");
  const digest = createDigest(format);
  let checksum = "";
  let offset = 0;
  for await (const piece of bodySlice(part.body)) {
    const inside = piece.subarray(0, Math.max(0, end - offset));
    digest.update(inside);
    checksum += hexFromBytes(piece, inside.length);
    const entries = inside.subarray(Math.max(0, packHeaderSizeBytes - offset));
    offset += piece.length;
    if (entries.length > 0) yield entries;
  }
  if (digest.hex() !== checksum) throw corrupt(part, "does not match its checksum");
}

function explained<Result>(part: PackPart, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new TrunksError("CORRUPT", `pack ${part.name}: ${(error as Error).message}`, { cause: error });
  }
}

function corrupt(part: PackPart, problem: string): TrunksError {
  return new TrunksError("CORRUPT", `pack ${part.name} ${problem}`);
}
