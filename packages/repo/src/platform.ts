/**
 * Everything that the runtime, not the language, provides: hashes, deflate, random numbers. Nothing else in this package
 * imports a `node:` module, so a runtime without Node's modules needs another version of this one file.
 */
import { createHash, hash, randomFillSync } from "node:crypto";
import { Readable } from "node:stream";
import { constants, crc32, createDeflate, createInflate, deflateSync, inflateSync } from "node:zlib";
import { TrunksError } from "@trunks/core";

export type DigestAlgorithm = "sha1" | "sha256";

/** A hash over bytes that arrive in parts. Ask for the result once; the digest is used up then. */
export interface Digest {
  update(bytes: Uint8Array): Digest;
  /** The result in lower-case hexadecimal digits. */
  hex(): string;
  bytes(): Uint8Array;
}

export function createDigest(algorithm: DigestAlgorithm): Digest {
  const state = createHash(algorithm);
  const digest: Digest = {
    update(bytes) {
      state.update(bytes);
      return digest;
    },
    hex: () => state.digest("hex"),
    bytes: () => plain(state.digest()),
  };
  return digest;
}

/** The digest of bytes in memory, in lower-case hexadecimal digits. */
export function digestHex(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  return hash(algorithm, bytes, "hex");
}

/** The SHA-256 of bytes in memory, in lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return digestHex("sha256", bytes);
}

/** Lower-case hexadecimal digits of the bytes from `start` up to, not including, `end`. */
export function hexFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
}

/** The bytes that hexadecimal digits mean; `hex` must be nothing but an even number of them. */
export function bytesFromHex(hex: string): Uint8Array {
  return plain(Buffer.from(hex, "hex"));
}

/** So many bytes of memory that may hold anything: for a caller who fills all of it, or throws it away. */
export function allocate(size: number): Uint8Array {
  return plain(Buffer.allocUnsafeSlow(size));
}

/** So many bytes are allocated for small pieces at a time. */
const roomSizeBytes = 65_536;

/** Memory for many small pieces that live about as long as each other: whoever keeps one keeps those beside it. */
export class Room {
  #bytes: Uint8Array = new Uint8Array(0);
  #taken = 0;

  /** So many bytes that may hold anything. */
  take(size: number): Uint8Array {
    if (size > roomSizeBytes / 4) return allocate(size);
    if (this.#taken + size > this.#bytes.length) {
      this.#bytes = allocate(roomSizeBytes);
      this.#taken = 0;
    }
    this.#taken += size;
    return this.#bytes.subarray(this.#taken - size, this.#taken);
  }
}

export interface Inflated {
  readonly bytes: Uint8Array;
  /** How many bytes of the input the zlib stream took, its checksum included. What follows was not looked at. */
  readonly consumed: number;
}

/** No byte of deflated data stands for more. */
export const maxInflation = 1032;

/**
 * Inflates the zlib stream at the start of `input`, which must hold exactly `size` bytes, perhaps into a `room`. Never
 * holds more than that, whatever the input says. Throws `CORRUPT` for damaged or truncated data and for any other size.
 */
export function inflate(input: Uint8Array, size: number, room?: Room): Inflated {
  if (size > input.length * maxInflation) {
    throw new TrunksError("CORRUPT", `${size} bytes cannot be deflated into ${input.length}`);
  }
  const inflated = inflateAnew(input, size, room) ?? inflateOnce(input, size);
  if (inflated.bytes.length === size) return inflated;
  throw new TrunksError("CORRUPT", `deflated data holds ${inflated.bytes.length} bytes where ${size} were declared`);
}

/** What is below the inflater of `node:zlib`. Undocumented and old: where it is another, `inflateSync` does the work. */
interface InflateHandle {
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputSize: number,
    output: Uint8Array,
    outputStart: number,
    outputSize: number,
  ): void;
  onerror: (message: string) => void;
}

interface Inflater {
  readonly handle: InflateHandle;
  /** How much of the output, and of the input, the last write left over. */
  readonly left: Uint32Array;
}

/** `null` where the runtime has none. */
let inflater: Inflater | undefined | null;

/**
 * Inflates with one inflater for all calls: making one takes as long as inflating a small object, and the memory of the
 * many that wait for their end calls the garbage collector. `undefined` where the runtime has no such thing.
 */
function inflateAnew(input: Uint8Array, size: number, room: Room | undefined): Inflated | undefined {
  if (inflater === undefined) inflater = makeInflater();
  if (inflater === null) return undefined;
  const { handle, left } = inflater;
  let failure: string | undefined;
  handle.onerror = (message) => {
    failure = message;
  };
  handle.reset();
  // One byte more than declared, so that a stream which holds too much is told from one which holds enough.
  const output = room?.take(size + 1) ?? allocate(size + 1);
  handle.writeSync(constants.Z_FINISH, input, 0, input.length, output, 0, output.length);
  if (failure !== undefined) {
    inflater = undefined;
    throw new TrunksError("CORRUPT", `deflated data is damaged: ${failure}`);
  }
  const [outputLeft, inputLeft] = left as unknown as [number, number];
  return { bytes: output.subarray(0, output.length - outputLeft), consumed: input.length - inputLeft };
}

function makeInflater(): Inflater | null {
  const { _handle: handle, _writeState: left } = createInflate() as unknown as {
    _handle?: InflateHandle;
    _writeState?: Uint32Array;
  };
  const isKnown = typeof handle?.writeSync === "function" && typeof handle.reset === "function";
  return isKnown && left instanceof Uint32Array ? { handle, left } : null;
}

function inflateOnce(input: Uint8Array, size: number): Inflated {
  try {
    const chunkSize = Math.max(64, size + 1);
    const result = inflateSync(input, { info: true, chunkSize, maxOutputLength: chunkSize }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { bytes: plain(result.buffer), consumed: result.engine.bytesWritten };
  } catch (error) {
    throw new TrunksError("CORRUPT", "deflated data is damaged", { cause: error });
  }
}

/** Inflates one zlib stream piece by piece, in bounded memory. Throws `CORRUPT` for damaged or truncated data. */
export async function* inflateStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  const inflater = createInflate({ chunkSize: 65_536 });
  let failure: unknown;
  input.on("error", (error) => {
    failure = error;
    inflater.destroy(error);
  });
  try {
    for await (const chunk of input.pipe(inflater)) yield plain(chunk as Buffer);
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw new TrunksError("CORRUPT", "deflated data is damaged", { cause: error });
  } finally {
    input.destroy();
    inflater.destroy();
  }
}

/** The CRC-32 of `bytes`, or of the bytes behind `previous` and these. An unsigned number. */
export function crc32Of(bytes: Uint8Array, previous = 0): number {
  return crc32(bytes, previous);
}

/** One zlib stream of all of `bytes`. */
export function deflate(bytes: Uint8Array): Uint8Array {
  // Room that fits: zlib would take 256 KiB for each of many small objects, and fill it with zeros. A window and tables that
  // hold all of the bytes find what larger ones would find.
  const bits = Math.max(9, 32 - Math.clz32(bytes.length));
  if (bits > 15) return plain(deflateSync(bytes));
  const chunkSize = bytes.length + 64;
  return plain(deflateSync(bytes, { windowBits: bits, memLevel: Math.min(8, Math.max(1, bits - 6)), chunkSize }));
}

/** One zlib stream of all of `bytes`, as they are: nearly no work, and nothing gained. */
export function store(bytes: Uint8Array): Uint8Array {
  return plain(deflateSync(bytes, { level: 0, chunkSize: bytes.length + 1024 }));
}

/** In bytes: so much of the middle is tried. */
const sampleSizeBytes = 4096;

/** Whether bytes are of a kind that deflating does not make smaller, to judge by some of them. */
export function isDense(bytes: Uint8Array): boolean {
  const middle = Math.max(0, (bytes.length - sampleSizeBytes) >> 1);
  const sample = bytes.subarray(middle, middle + sampleSizeBytes);
  return deflate(sample).length > 0.95 * sample.length;
}

/** One zlib stream of everything that `source` yields, in bounded memory. `level` is zlib's, from 0 to 9; default 6. */
export async function* deflateStream(source: AsyncIterable<Uint8Array>, level?: number): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  const deflater = createDeflate({ chunkSize: 65_536, level });
  input.on("error", (error) => deflater.destroy(error));
  try {
    for await (const chunk of input.pipe(deflater)) yield plain(chunk as Buffer);
  } finally {
    input.destroy();
    deflater.destroy();
  }
}

/** A name that nobody has used and nobody can guess: 32 lower-case hexadecimal digits. */
export function randomId(): string {
  return hexFromBytes(randomFillSync(new Uint8Array(16)));
}

/** A Node buffer without its own methods: `slice` of a `Buffer` shares memory where a caller expects a copy. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
