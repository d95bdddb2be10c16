import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { type ByteRange, bytesContent, type Content, resolveRange, streamContent, TrunksError } from "@trunks/core";
import type { AnswerBody } from "./exchange.ts";
import { abortedError, brokenBody } from "./failure.ts";
import { GetObjectCommand } from "./platform.ts";
import { refusalOf } from "./refusal.ts";
import type { S3Store } from "./store.ts";

/** Reads a body or a part of it: see `Backend.get`. One request, a second only where the first cannot tell the size. */
export async function readObject(
  store: S3Store,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  if (range === undefined) return await request(store, key, undefined, signal);
  // A range that is none is refused before anything is sent.
  const { start, end } = resolveRange(range, Number.MAX_SAFE_INTEGER);
  // The size of a body is asked for through its first byte: no header can say "no bytes at all".
  if (start === end) return await emptyAnswer(await request(store, key, { start: 0, end: 1 }, signal));
  const wholeBody = start === 0 && end === Number.MAX_SAFE_INTEGER;
  return await request(store, key, wholeBody ? undefined : range, signal);
}

async function request(
  store: S3Store,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  const { bucket, keyPrefix, place } = store.options;
  const Range = range && rangeHeader(range);
  const command = new GetObjectCommand({ Bucket: bucket, Key: keyPrefix + key, Range });
  try {
    const answer = await store.send(command, { operation: "get", key, loss: "harmless", signal });
    return contentOf(answer, range, key, place, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    // Only this: a 404 of a proxy, or of a server that is no S3 at all, says nothing about the key.
    if (refusal?.code === "NoSuchKey") return undefined;
    if (refusal?.status === 416 && range !== undefined) {
      return await outsideBody(store, key, range, refusal.totalSize, signal);
    }
    throw error;
  }
}

function rangeHeader(range: ByteRange): string {
  if ("suffix" in range) return `bytes=-${range.suffix}`;
  return `bytes=${range.start}-${range.end === undefined ? "" : range.end - 1}`;
}

function contentOf(
  answer: GetObjectCommandOutput,
  range: ByteRange | undefined,
  key: string,
  place: string,
  signal: AbortSignal | undefined,
): Content {
  const body = answer.Body as unknown as AnswerBody;
  const size = answer.ContentLength;
  const refuse = (what: string): never => {
    body.destroy();
    throw new TrunksError("NOT_SUPPORTED", `get ${key}: ${place} ${what}`, {
      hint: "this store, or a proxy before it, does not do what S3 does",
    });
  };
  if (size === undefined || !Number.isSafeInteger(size)) return refuse("does not say how many bytes it sends");
  const stream = bodyStream(body, place, signal);
  if (range === undefined) return streamContent(stream, size, size);
  if (answer.$metadata.httpStatusCode !== 206) {
    const asked = resolveRange(range, size);
    // Allowed where the range is the whole body, and needed for one without bytes.
    if (asked.start === 0 && asked.end === size) return streamContent(stream, size, size);
    return refuse("ignored the range that was asked for");
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? "") ?? [];
  if (total === undefined) return refuse("does not say which bytes it sends");
  const asked = resolveRange(range, Number(total));
  if (Number(first) !== asked.start || Number(last) + 1 !== asked.end || size !== asked.end - asked.start) {
    return refuse(`sent bytes ${first}-${last} for ${asked.start}-${asked.end - 1}`);
  }
  return streamContent(stream, size, Number(total));
}

/** The bytes of an answer, with errors of one kind, and a connection that is given up with its stream. */
function bodyStream(body: AnswerBody, place: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
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

/** The range lies behind the last byte: no bytes, and the size of the body, which not every store tells. */
async function outsideBody(
  store: S3Store,
  key: string,
  range: ByteRange,
  totalSize: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  if (totalSize !== undefined) return bytesContent(new Uint8Array(0), totalSize);
  // Not even the first byte is there, or not a single last one.
  if ("suffix" in range || range.start === 0) return bytesContent(new Uint8Array(0), 0);
  return await emptyAnswer(await request(store, key, { start: 0, end: 1 }, signal));
}

async function emptyAnswer(content: Content | undefined): Promise<Content | undefined> {
  if (content === undefined) return undefined;
  // Read rather than cancelled: the connection stays usable.
  if (content.size <= 1) await content.bytes();
  else await content.cancel();
  return bytesContent(new Uint8Array(0), content.totalSize);
}
