/** `Platform` by Node's own modules, which Bun and Deno have too. They are loaded when they are needed first. */
import { type Digest, type DigestAlgorithm, damaged, smallWindow } from "./interface.ts";
import { inflate } from "./node-inflate.ts";
import { crypto, stream, zlib } from "./node-modules.ts";

export { inflate } from "./node-inflate.ts";

/** In milliseconds: until then the requests that were begun just now are on their way. */
const prepareMs = 4;
const emptyStream = Uint8Array.of(0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01);
let isPrepared = false;

export function prepare(): void {
  if (isPrepared) return;
  isPrepared = true;
  setTimeout(() => {
    try {
      for (const algorithm of ["sha1", "sha256"] as const) digestHex(algorithm, emptyStream);
      inflate(emptyStream, 0);
      new TextDecoder();
    } catch {
      // Whoever needs what there is not will hear of it.
    }
  }, prepareMs).unref();
}

export function createDigest(algorithm: DigestAlgorithm): Digest {
  const state = crypto().createHash(algorithm);
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

export function digestHex(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  return crypto().hash(algorithm, bytes, "hex");
}

export function sha256Hex(bytes: Uint8Array): string {
  return digestHex("sha256", bytes);
}

export function hexFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
}

export function bytesFromHex(hex: string): Uint8Array {
  return plain(Buffer.from(hex, "hex"));
}

export function latin1Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function allocate(size: number): Uint8Array {
  return plain(Buffer.allocUnsafeSlow(size));
}

export async function* inflateStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = stream().Readable.from(source, { objectMode: false });
  const inflater = zlib().createInflate({ chunkSize: 65_536 });
  let failure: unknown;
  input.on("error", (error) => {
    failure = error;
    inflater.destroy(error);
  });
  try {
    for await (const chunk of input.pipe(inflater)) yield plain(chunk as Buffer);
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw damaged(error);
  } finally {
    input.destroy();
    inflater.destroy();
  }
}

export function crc32Of(bytes: Uint8Array, previous = 0): number {
  return zlib().crc32(bytes, previous);
}

export function deflate(bytes: Uint8Array): Uint8Array {
  const window = smallWindow(bytes.length);
  // Room that fits: zlib would take more, and fill it with zeros.
  const options = window && { ...window, chunkSize: bytes.length + 64 };
  return plain(zlib().deflateSync(bytes, options));
}

export function store(bytes: Uint8Array): Uint8Array {
  return plain(zlib().deflateSync(bytes, { level: 0, chunkSize: bytes.length + 1024 }));
}

export async function* deflateStream(source: AsyncIterable<Uint8Array>, level?: number): AsyncGenerator<Uint8Array> {
  const input = stream().Readable.from(source, { objectMode: false });
  const deflater = zlib().createDeflate({ chunkSize: 65_536, level });
  input.on("error", (error) => deflater.destroy(error));
  try {
    for await (const chunk of input.pipe(deflater)) yield plain(chunk as Buffer);
  } finally {
    input.destroy();
    deflater.destroy();
  }
}

export function randomId(): string {
  return hexFromBytes(crypto().randomFillSync(new Uint8Array(16)));
}

/** A Node buffer without its own methods: `slice` of a `Buffer` shares memory where a caller expects a copy. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
