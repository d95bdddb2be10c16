import { type RequestOptions, TrunksError } from "@trunks/core";
import { inflateStream } from "../platform.ts";
import type { EntryHeader } from "./pack-entry.ts";
import type { EntryLocation } from "./pack-set.ts";
import { readPackRange } from "./pack-source.ts";

/**
 * The inflated bytes of an entry, piece by piece: three ranges are in memory at most, whatever the entry's size. Throws
 * `CORRUPT` unless exactly as many come as the entry declares.
 */
export async function* entryStream(
  place: EntryLocation,
  header: EntryHeader,
  rangeSizeBytes: number,
  options: RequestOptions,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of inflateStream(deflatedRanges(place, header, rangeSizeBytes, options))) {
    size += piece.length;
    if (size > header.size) break;
    yield piece;
  }
  if (size !== header.size) {
    throw new TrunksError("CORRUPT", `deflated data holds not the ${header.size} bytes that were declared`);
  }
}

/** The entry's inflated bytes in one piece. */
export async function inflateLargeEntry(
  place: EntryLocation,
  header: EntryHeader,
  rangeSizeBytes: number,
  options: RequestOptions,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(header.size);
  let filled = 0;
  for await (const piece of entryStream(place, header, rangeSizeBytes, options)) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/** Asks for the next range while one is being worked on. */
async function* deflatedRanges(
  place: EntryLocation,
  header: EntryHeader,
  rangeSizeBytes: number,
  options: RequestOptions,
): AsyncGenerator<Uint8Array> {
  const stopped = new AbortController();
  const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([options.signal, stopped.signal]);
  function ask(start: number): Promise<Uint8Array> | undefined {
    if (start >= place.end) return undefined;
    const range = readPackRange(place.pack.source, start, Math.min(start + rangeSizeBytes, place.end), { signal });
    // Its failure is met when its turn comes, or never when the reader stops before.
    range.catch(() => {});
    return range;
  }
  let start = place.start + header.headerSize;
  let coming = ask(start);
  try {
    while (coming !== undefined) {
      const range = await coming;
      start += rangeSizeBytes;
      coming = ask(start);
      yield range;
    }
  } finally {
    stopped.abort();
  }
}
