/** `Platform` with nothing but what every runtime has: for Workers and browsers. */
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  Deflate,
  Z_BUF_ERROR,
  Z_FINISH,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  deflate as zlibDeflate,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from "pako";
import { crc32Table } from "./crc32-table.ts";
import {
  checkInflation,
  type Digest,
  type DigestAlgorithm,
  damaged,
  type Inflated,
  smallWindow,
  wrongSize,
} from "./interface.ts";
import type { Room } from "./room.ts";

const hashes = { sha1, sha256 };
const pieceSizeBytes = 65_536;
/** Of zlib: the largest window, and zlib's own header and no other. */
const windowBits = 15;

export function createDigest(algorithm: DigestAlgorithm): Digest {
  const state = hashes[algorithm].create();
  const digest: Digest = {
    update(bytes) {
      state.update(bytes);
      return digest;
    },
    hex: () => hexFromBytes(state.digest()),
    bytes: () => state.digest(),
  };
  return digest;
}

export function digestHex(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  return hexFromBytes(hashes[algorithm](bytes));
}

export function sha256Hex(bytes: Uint8Array): string {
  return digestHex("sha256", bytes);
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hexFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let hex = "";
  for (let index = start; index < end; index++) hex += digits[bytes[index] as number];
  return hex;
}

export function bytesFromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}

export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  // An argument a byte, and no engine takes very many.
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}

export function prepare(): void {
  // All of it came with this module.
}

export function allocate(size: number): Uint8Array {
  return new Uint8Array(size);
}

/** One for all calls: making one takes as long as inflating a small object. */
let inflater: ZStream | undefined;

export function inflate(input: Uint8Array, size: number, room?: Room, start = 0, end = input.length): Inflated {
  checkInflation(end - start, size);
  inflater ??= makeInflater();
  zlibInflateReset(inflater);
  feed(inflater, input.subarray(start, end));
  // One byte more than declared, so that a stream which holds too much is told from one which holds enough.
  makeRoom(inflater, room?.reserve(size + 1) ? room.take(size + 1) : new Uint8Array(size + 1));
  const { output } = inflater;
  const ended = zlibInflate(inflater, Z_FINISH) === Z_STREAM_END;
  const { next_out: inflatedSize, next_in: consumed } = inflater;
  if (!ended) throw damaged();
  if (inflatedSize !== size) throw wrongSize(inflatedSize, size);
  return { bytes: output.subarray(0, size), consumed };
}

export async function* inflateStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = makeInflater();
  for await (const piece of source) {
    feed(stream, piece);
    do {
      makeRoom(stream, new Uint8Array(pieceSizeBytes));
      const status = zlibInflate(stream, Z_NO_FLUSH);
      // Only that it had nothing to do.
      if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) throw damaged();
      if (stream.next_out > 0) yield stream.output.subarray(0, stream.next_out);
      if (status === Z_STREAM_END) return;
    } while (stream.avail_out === 0);
  }
  throw damaged();
}

export function crc32Of(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (const byte of bytes) crc = (crc32Table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function deflate(bytes: Uint8Array): Uint8Array {
  return zlibDeflate(bytes, smallWindow(bytes.length) ?? {});
}

export function store(bytes: Uint8Array): Uint8Array {
  return zlibDeflate(bytes, { level: 0 });
}

export async function* deflateStream(source: AsyncIterable<Uint8Array>, level?: number): AsyncGenerator<Uint8Array> {
  const deflater = new Deflate({ chunkSize: pieceSizeBytes, ...(level !== undefined && { level: level as 6 }) });
  let ready: Uint8Array[] = [];
  deflater.onData = (piece) => ready.push(piece as Uint8Array);
  for await (const piece of source) {
    deflater.push(piece);
    yield* ready;
    ready = [];
  }
  deflater.push(new Uint8Array(0), true);
  yield* ready;
}

export function randomId(): string {
  return hexFromBytes(crypto.getRandomValues(new Uint8Array(16)));
}

function makeInflater(): ZStream {
  const stream = new ZStream();
  zlibInflateInit2(stream, windowBits);
  return stream;
}

function feed(stream: ZStream, bytes: Uint8Array): void {
  stream.input = bytes;
  stream.next_in = 0;
  stream.avail_in = bytes.length;
}

function makeRoom(stream: ZStream, output: Uint8Array): void {
  stream.output = output as Uint8Array<ArrayBuffer>;
  stream.next_out = 0;
  stream.avail_out = output.length;
}
