import type { IncomingMessage } from "node:http";
import { type ByteRange, bytesContent, type Content, resolveRange, streamContent, TrunksError } from "@trunks/core";
import { abortedError, brokenBody } from "./failure.ts";
import { refusalOf } from "./refusal.ts";
import type { AzureStore, StoreRequest } from "./store.ts";
import type { Exchange } from "./transport.ts";

/** How often a suffix is asked for again because the blob was overwritten in between. */
const maxAttempts = 8;

interface Read extends StoreRequest {
  readonly key: string;
}

/** Reads a body or a part of it: see `Backend.get`. One request; two for a suffix, which Azure does not know. */
export async function readBlob(
  store: AzureStore,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  const read: Read = { operation: "get", key, loss: "harmless", signal };
  if (range === undefined) return await download(store, read, undefined);
  // A range that is none is refused before anything is sent.
  const { start, end } = resolveRange(range, Number.MAX_SAFE_INTEGER);
  if (start === end) return emptyAnswer(await properties(store, read));
  if ("suffix" in range) return await readSuffix(store, read, range);
  const wholeBody = start === 0 && end === Number.MAX_SAFE_INTEGER;
  return await download(store, read, wholeBody ? undefined : range);
}

async function readSuffix(store: AzureStore, read: Read, range: ByteRange): Promise<Content | undefined> {
  for (let attempt = 1; ; attempt++) {
    const known = await properties(store, read);
    if (known === undefined || known.size === 0) return emptyAnswer(known);
    try {
      return await download(store, read, resolveRange(range, known.size), known.tag);
    } catch (error) {
      if (refusalOf(error)?.status !== 412 || attempt === maxAttempts) throw error;
    }
  }
}

interface Properties {
  readonly size: number;
  readonly tag: string | undefined;
}

async function properties(store: AzureStore, read: Read): Promise<Properties | undefined> {
  try {
    const { output } = await store.send(read, (container, abortSignal) =>
      container.getBlobClient(store.blobName(read.key)).getProperties({ abortSignal }),
    );
    return { size: output.contentLength ?? 0, tag: output.etag };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function download(
  store: AzureStore,
  read: Read,
  range: { readonly start: number; readonly end?: number } | undefined,
  ifMatch?: string,
): Promise<Content | undefined> {
  const { start = 0, end } = range ?? {};
  const count = end === undefined ? undefined : end - start;
  try {
    const { exchange } = await store.send(read, (container, abortSignal) =>
      container
        .getBlobClient(store.blobName(read.key))
        .download(start, count, { abortSignal, maxRetryRequests: 0, conditions: { ifMatch } }),
    );
    return contentOf(exchange, range, read, store.options.place);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    // Behind the last byte: no bytes, and the size of the body has to be asked for.
    if (refusalOf(error)?.status === 416 && range !== undefined) return emptyAnswer(await properties(store, read));
    throw error;
  }
}

/** Only this: any other 404 says nothing about the key. */
function isAbsent(error: unknown): boolean {
  return refusalOf(error)?.code === "BlobNotFound";
}

function emptyAnswer(known: Properties | undefined): Content | undefined {
  return known && bytesContent(new Uint8Array(0), known.size);
}

function contentOf(
  { status, headers, answer }: Exchange,
  range: ByteRange | undefined,
  { key, signal }: Read,
  place: string,
): Content {
  const body = answer as IncomingMessage;
  const size = Number(headers["content-length"] ?? Number.NaN);
  const refuse = (what: string): never => {
    body.destroy();
    throw new TrunksError("NOT_SUPPORTED", `get ${key}: ${place} ${what}`, {
      hint: "this store, or a proxy before it, does not do what Azure Blob Storage does",
    });
  };
  const stream = bodyStream(body, place, signal);
  if (range === undefined) return streamContent(stream, size, size);
  if (status !== 206) {
    const asked = resolveRange(range, size);
    // Allowed where the range is the whole body, and needed for one without bytes.
    if (asked.start === 0 && asked.end === size) return streamContent(stream, size, size);
    return refuse("ignored the range that was asked for");
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers["content-range"] ?? "") ?? [];
  if (total === undefined) return refuse("does not say which bytes it sends");
  const asked = resolveRange(range, Number(total));
  if (Number(first) !== asked.start || Number(last) + 1 !== asked.end || size !== asked.end - asked.start) {
    return refuse(`sent bytes ${first}-${last} for ${asked.start}-${asked.end - 1}`);
  }
  return streamContent(stream, size, Number(total));
}

/** The bytes of an answer, with errors of one kind, and a connection that is given up with its stream. */
function bodyStream(body: IncomingMessage, place: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
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
