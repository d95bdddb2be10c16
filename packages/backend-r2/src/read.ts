import {
  abortedError,
  type ByteRange,
  bytesContent,
  type Content,
  resolveRange,
  streamContent,
  unlessAborted,
} from "@trunks/core";
import type { R2Binding, R2Body, R2ByteRange } from "./binding.ts";
import { failure } from "./failure.ts";

/** What is read: see `Backend.get`. */
export interface Reading {
  /** As the bucket has it. */
  readonly storedKey: string;
  /** As the caller has it. */
  readonly key: string;
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

/** Reads an object or a part of it. One request; a second only where no byte is asked for, or there. */
export async function readObject(bucket: R2Binding, reading: Reading): Promise<Content | undefined> {
  const { storedKey, key, range, signal } = reading;
  const asked = range && resolveRange(range, Number.MAX_SAFE_INTEGER);
  if (asked !== undefined && asked.start === asked.end) return await nothing(bucket, reading);
  try {
    const found = await unlessAborted(bucket.get(storedKey, range && { range: r2Range(range) }), signal);
    if (found === null) return undefined;
    const { start, end } = resolveRange(range, found.size);
    return streamContent(bodyStream(found, reading), end - start, found.size);
  } catch (error) {
    // R2 refuses a range that has no byte of the object in it.
    const found = range === undefined ? undefined : await empty(bucket, reading).catch(() => undefined);
    if (found !== undefined) return found;
    throw failure(error, "get", key, signal);
  }
}

function r2Range(range: ByteRange): R2ByteRange {
  if ("suffix" in range) return { suffix: range.suffix };
  return { offset: range.start, ...(range.end !== undefined && { length: range.end - range.start }) };
}

/** No bytes, and the size of the object. */
async function nothing(bucket: R2Binding, { storedKey, key, signal }: Reading): Promise<Content | undefined> {
  try {
    const found = await unlessAborted(bucket.head(storedKey), signal);
    return found === null ? undefined : bytesContent(new Uint8Array(0), found.size);
  } catch (error) {
    throw failure(error, "get", key, signal);
  }
}

/** The answer to a range that has no byte of the object in it; `undefined` when it has some. */
async function empty(bucket: R2Binding, reading: Reading): Promise<Content | undefined> {
  const content = await nothing(bucket, reading);
  if (content === undefined) return undefined;
  const { start, end } = resolveRange(reading.range, content.totalSize);
  return start === end ? content : undefined;
}

/** The bytes of an answer, with errors of one kind, and given up with its reader. */
function bodyStream({ body }: R2Body, { key, signal }: Reading): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const reader = body.getReader();
      return {
        async next() {
          try {
            if (signal?.aborted) throw abortedError(signal);
            const step = await unlessAborted(reader.read(), signal);
            return step.value === undefined ? { done: true, value: undefined } : { done: false, value: step.value };
          } catch (error) {
            // It fails where the stream has ended already.
            reader.cancel().catch(() => {});
            throw failure(error, "get", key, signal);
          }
        },
        async return() {
          await reader.cancel().catch(() => {});
          return { done: true, value: undefined };
        },
      };
    },
  };
}
