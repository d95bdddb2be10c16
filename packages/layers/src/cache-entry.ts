import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { type ByteRange, resolveRange } from "@trunks/core";

/*
 * A cached body in one file: blocks of 1 MiB (the last one is shorter; an empty body has one empty block), each behind
 * its digest. The digest is SHA-256 over the key, the body's size, the block's place and its bytes, so a block that is
 * damaged, cut, moved or of another key is noticed, and a range is checked by reading only the blocks that it touches.
 */
const blockSizeBytes = 2 ** 20;
const digestSizeBytes = 32;
const slotSizeBytes = digestSizeBytes + blockSizeBytes;

/** What a file holds for a get; or that it is damaged. */
export type CachedRead = { readonly bytes: Uint8Array; readonly totalSize: number } | "damaged";

/** The file's content for `key`, piece by piece. */
export function* entryPieces(key: string, body: Uint8Array): Generator<Uint8Array> {
  for (let block = 0; block < blockCount(body.length); block += 1) {
    const bytes = body.subarray(block * blockSizeBytes, (block + 1) * blockSizeBytes);
    yield blockDigest(key, body.length, block, bytes);
    yield bytes;
  }
}

/** Size in bytes of the file for a body of `bodySize` bytes. */
export function entrySize(bodySize: number): number {
  return bodySize + blockCount(bodySize) * digestSizeBytes;
}

/** Reads part of an open entry, checked. Throws `INVALID_ARGUMENT` for a range that is none. */
export async function readEntry(
  file: FileHandle,
  fileSize: number,
  key: string,
  range: ByteRange | undefined,
): Promise<CachedRead> {
  const totalSize = fileSize - Math.ceil(fileSize / slotSizeBytes) * digestSizeBytes;
  if (fileSize < digestSizeBytes || entrySize(totalSize) !== fileSize) return "damaged";
  const { start, end } = resolveRange(range, totalSize);
  // Of an empty range one block is read all the same: it proves that the size is right.
  const firstBlock = Math.min(Math.floor(start / blockSizeBytes), blockCount(totalSize) - 1);
  const lastBlock = Math.max(firstBlock, blockCount(end) - 1);
  const position = firstBlock * slotSizeBytes;
  const read = Buffer.alloc(Math.min(fileSize, (lastBlock + 1) * slotSizeBytes) - position);
  const { bytesRead } = await file.read(read, 0, read.length, position);
  if (bytesRead !== read.length) return "damaged";

  const bytes = new Uint8Array(end - start);
  for (let block = firstBlock; block <= lastBlock; block += 1) {
    const slot = read.subarray((block - firstBlock) * slotSizeBytes, (block - firstBlock + 1) * slotSizeBytes);
    const content = slot.subarray(digestSizeBytes);
    if (!blockDigest(key, totalSize, block, content).equals(slot.subarray(0, digestSizeBytes))) return "damaged";
    const blockStart = block * blockSizeBytes;
    const wanted = content.subarray(Math.max(0, start - blockStart), Math.max(0, end - blockStart));
    bytes.set(wanted, Math.max(0, blockStart - start));
  }
  return { bytes, totalSize };
}

function blockCount(bodySize: number): number {
  return Math.max(1, Math.ceil(bodySize / blockSizeBytes));
}

function blockDigest(key: string, totalSize: number, block: number, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(`${key}\n${totalSize}\n${block}\n`).update(bytes).digest();
}
