import {
  abortedError,
  type ByteRange,
  bytesContent,
  type Content,
  resolveRange,
  streamContent,
  TrunksError,
} from "@trunks/core";
import type { AnswerBody } from "./exchange.ts";
import { textOf } from "./failure.ts";

/** What was asked for, and of whom. */
interface Reading {
  readonly key: string;
  readonly range: ByteRange | undefined;
  /** The bucket or container and where it is, for messages. */
  readonly place: string;
  /** As whom the store should behave: `S3`. */
  readonly model: string;
  readonly signal: AbortSignal | undefined;
}

/** What the head of an answer says. */
interface Head {
  readonly status: number | undefined;
  /** Of the bytes that follow. */
  readonly size: number | undefined;
  readonly contentRange: string | undefined;
}

/** The value of the header `Range`. */
export function rangeHeader(range: ByteRange): string {
  if ("suffix" in range) return `bytes=-${range.suffix}`;
  return `bytes=${range.start}-${range.end === undefined ? "" : range.end - 1}`;
}

/** The content of an answer that is no refusal. Throws `NOT_SUPPORTED` when it is not what was asked for. */
export function answerContent(body: AnswerBody, { status, size, contentRange }: Head, reading: Reading): Content {
  const { range, key, place, model } = reading;
  const refuse = (what: string): never => {
    body.destroy();
    const hint = `this store, or a proxy before it, does not do what ${model} does`;
    throw new TrunksError("NOT_SUPPORTED", `get ${key}: ${place} ${what}`, { hint });
  };
  if (size === undefined || !Number.isSafeInteger(size)) return refuse("does not say how many bytes it sends");
  const stream = bodyStream(body, reading);
  if (range === undefined) return streamContent(stream, size, size);
  if (status !== 206) {
    const asked = resolveRange(range, size);
    // Allowed where the range is the whole body, and needed for one without bytes.
    if (asked.start === 0 && asked.end === size) return streamContent(stream, size, size);
    return refuse("ignored the range that was asked for");
  }
  // Of no bytes the last ones are none, and a head cannot say which.
  if ("suffix" in range && size === 0) return streamContent(stream, 0, 0);
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "") ?? [];
  if (total === undefined) return refuse("does not say which bytes it sends");
  const asked = resolveRange(range, Number(total));
  if (Number(first) !== asked.start || Number(last) + 1 !== asked.end || size !== asked.end - asked.start) {
    return refuse(`sent bytes ${first}-${last} for ${asked.start}-${asked.end - 1}`);
  }
  return streamContent(stream, size, Number(total));
}

/**
 * The content of a range that lies behind the last byte: none, and the size of the body. Where the refusal did not tell it,
 * `firstByte` reads it.
 */
export async function outsideBody(
  range: ByteRange,
  totalSize: number | undefined,
  firstByte: () => Promise<Content | undefined>,
): Promise<Content | undefined> {
  if (totalSize !== undefined) return bytesContent(new Uint8Array(0), totalSize);
  // Not even the first byte is there, or not a single last one.
  if ("suffix" in range || range.start === 0) return bytesContent(new Uint8Array(0), 0);
  return await emptyAnswer(await firstByte());
}

/** No bytes, and the size of the body of which `content` is a part. */
export async function emptyAnswer(content: Content | undefined): Promise<Content | undefined> {
  if (content === undefined) return undefined;
  // Read rather than cancelled: the connection stays usable.
  if (content.size <= 1) await content.bytes();
  else await content.cancel();
  return bytesContent(new Uint8Array(0), content.totalSize);
}

/** The bytes of an answer, with errors of one kind, and a connection that is given up with its stream. */
function bodyStream(body: AnswerBody, { place, signal }: Reading): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            return await chunks.next();
          } catch (error) {
            throw signal?.aborted ? abortedError(signal) : brokenBody(error, place);
          }
        },
        async return() {
          // By hand: an iterator that never began does not clean up.
          body.destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function brokenBody(error: unknown, place: string): TrunksError {
  const text = `${place}: the answer broke off: ${textOf(error)}`;
  return new TrunksError("UNAVAILABLE", text, { cause: error, retryable: true });
}
