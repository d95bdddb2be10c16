import { TrunksError } from "@trunks/core";
import type { Room } from "./room.ts";

export type DigestAlgorithm = "sha1" | "sha256";

/** A hash over bytes that arrive in parts. Ask for the result once; the digest is used up then. */
export interface Digest {
  update(bytes: Uint8Array): Digest;
  /** The result in lower-case hexadecimal digits. */
  hex(): string;
  bytes(): Uint8Array;
}

export interface Inflated {
  readonly bytes: Uint8Array;
  /** How many bytes of the input the zlib stream took, its checksum included. What follows was not looked at. */
  readonly consumed: number;
}

/** What a module of this folder exports. */
export interface Platform {
  /**
   * Soon, and once a process, loads what the other functions load when they are called first: that takes some milliseconds, which
   * are nobody's while the answer to a first request is waited for. Never fails.
   */
  prepare(): void;

  createDigest(algorithm: DigestAlgorithm): Digest;

  /** The digest of bytes in memory, in lower-case hexadecimal digits. */
  digestHex(algorithm: DigestAlgorithm, bytes: Uint8Array): string;

  /** The SHA-256 of bytes in memory, in lower-case hexadecimal digits. */
  sha256Hex(bytes: Uint8Array): string;

  /** Lower-case hexadecimal digits of the bytes from `start` up to, not including, `end`. Default: all of them. */
  hexFromBytes(bytes: Uint8Array, start?: number, end?: number): string;

  /** The bytes that hexadecimal digits mean; `hex` must be nothing but an even number of them. */
  bytesFromHex(hex: string): Uint8Array;

  /** One character a byte, U+0000 to U+00FF. */
  latin1Text(bytes: Uint8Array): string;

  /** So many bytes of memory that may hold anything: for a caller who fills all of it, or throws it away. */
  allocate(size: number): Uint8Array;

  /**
   * Inflates the zlib stream that begins at `start` of `input`, by default at 0, reaches no further than to `end`, by default that of
   * `input`, and must hold exactly `size` bytes, perhaps into a `room`. Never holds more than that, whatever the input says. Throws `CORRUPT` for damaged or truncated data and for
   * any other size.
   */
  inflate(input: Uint8Array, size: number, room?: Room, start?: number, end?: number): Inflated;

  /**
   * Inflates one zlib stream piece by piece, in bounded memory; what follows it is not looked at. Throws `CORRUPT` for
   * damaged or truncated data.
   */
  inflateStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;

  /** The CRC-32 of `bytes`, or of the bytes behind `previous` and these. An unsigned number. */
  crc32Of(bytes: Uint8Array, previous?: number): number;

  /** One zlib stream of all of `bytes`. */
  deflate(bytes: Uint8Array): Uint8Array;

  /** One zlib stream of all of `bytes`, as they are: nearly no work, and nothing gained. */
  store(bytes: Uint8Array): Uint8Array;

  /** One zlib stream of everything that `source` yields, in bounded memory. `level` is zlib's, from 0 to 9; default 6. */
  deflateStream(source: AsyncIterable<Uint8Array>, level?: number): AsyncGenerator<Uint8Array>;

  /** A name that nobody has used and nobody can guess: 32 lower-case hexadecimal digits. */
  randomId(): string;
}

/** No byte of deflated data stands for more. */
export const maxInflation = 1032;

/** Throws `CORRUPT` where so few bytes cannot stand for so many. */
export function checkInflation(deflatedSize: number, size: number): void {
  if (size <= deflatedSize * maxInflation) return;
  throw new TrunksError("CORRUPT", `${size} bytes cannot be deflated into ${deflatedSize}`);
}

export function damaged(cause?: unknown): TrunksError {
  return new TrunksError("CORRUPT", "deflated data is damaged", { cause });
}

export function wrongSize(size: number, declared: number): TrunksError {
  return new TrunksError("CORRUPT", `deflated data holds ${size} bytes where ${declared} were declared`);
}

/**
 * Settings of zlib for so few bytes, and `undefined` for more: a window and tables that hold all of the bytes find what
 * larger ones would find, and need not be filled with zeros for each of many small objects.
 */
export function smallWindow(size: number): { readonly windowBits: number; readonly memLevel: number } | undefined {
  const windowBits = Math.max(9, 32 - Math.clz32(size));
  return windowBits > 15 ? undefined : { windowBits, memLevel: Math.min(8, Math.max(1, windowBits - 6)) };
}
