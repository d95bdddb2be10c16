import { checkInflation, damaged, type Inflated, wrongSize } from "./interface.ts";
import { zlib } from "./node-modules.ts";
import type { Room } from "./room.ts";

export function inflate(input: Uint8Array, size: number, room?: Room, start = 0, end = input.length): Inflated {
  checkInflation(end - start, size);
  const inflated = inflateAnew(input, size, room, start, end) ?? inflateOnce(input.subarray(start, end), size);
  if (inflated.bytes.length !== size) throw wrongSize(inflated.bytes.length, size);
  return inflated;
}

/**
 * Room beyond what is declared. One byte tells a stream that holds too much from one which holds enough; with less than some 260
 * left to fill zlib goes byte by byte, which the last bytes of very many small objects would feel.
 */
const spareBytes = 320;

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
  readonly finish: number;
  /** What the handle said of the last write. */
  failure: string | undefined;
}

/** `null` where the runtime has none. */
let inflater: Inflater | undefined | null;

/**
 * Inflates with one inflater for all calls: making one takes as long as inflating a small object, and the memory of the
 * many that wait for their end calls the garbage collector. `undefined` where the runtime has no such thing.
 */
function inflateAnew(
  input: Uint8Array,
  size: number,
  room: Room | undefined,
  start: number,
  end: number,
): Inflated | undefined {
  if (inflater === undefined) inflater = makeInflater();
  if (inflater === null) return undefined;
  const { handle, left, finish } = inflater;
  handle.reset();
  const outputSize = size + spareBytes;
  const shared = room?.reserve(outputSize) ? room : undefined;
  const output = shared?.bytes ?? new Uint8Array(Buffer.allocUnsafeSlow(outputSize).buffer);
  handle.writeSync(finish, input, start, end - start, output, shared?.start ?? 0, outputSize);
  if (inflater.failure !== undefined) {
    const { failure } = inflater;
    inflater = undefined;
    throw damaged(new Error(failure));
  }
  // Not taken apart as a list, which would take as long as to begin the next stream.
  const outputLeft = left[0] as number;
  const inputLeft = left[1] as number;
  const inflatedSize = outputSize - outputLeft;
  const bytes = shared?.take(inflatedSize) ?? output.subarray(0, inflatedSize);
  return { bytes, consumed: end - start - inputLeft };
}

function makeInflater(): Inflater | null {
  const { _handle: handle, _writeState: left } = zlib().createInflate() as unknown as {
    _handle?: InflateHandle;
    _writeState?: Uint32Array;
  };
  const isKnown = typeof handle?.writeSync === "function" && typeof handle.reset === "function";
  if (!isKnown || !(left instanceof Uint32Array)) return null;
  const made: Inflater = { handle, left, finish: zlib().constants.Z_FINISH, failure: undefined };
  handle.onerror = (message) => {
    made.failure = message;
  };
  return made;
}

function inflateOnce(input: Uint8Array, size: number): Inflated {
  try {
    const chunkSize = Math.max(64, size + 1);
    const result = zlib().inflateSync(input, { info: true, chunkSize, maxOutputLength: chunkSize }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    const { buffer, byteOffset, length } = result.buffer;
    return { bytes: new Uint8Array(buffer, byteOffset, length), consumed: result.engine.bytesWritten };
  } catch (error) {
    throw damaged(error);
  }
}
