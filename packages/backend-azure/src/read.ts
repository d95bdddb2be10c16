import type { IncomingMessage } from "node:http";
import { type ByteRange, bytesContent, type Content, resolveRange } from "@trunks/core";
import { answerContent } from "@trunks/http-store";
import { refusalOf } from "./refusal.ts";
import type { AzureStore, StoreRequest } from "./store.ts";

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
    const { exchange, answer } = await store.send(read, (container, abortSignal) =>
      container
        .getBlobClient(store.blobName(read.key))
        .download(start, count, { abortSignal, maxRetryRequests: 0, conditions: { ifMatch } }),
    );
    const { "content-length": length, "content-range": contentRange } = exchange.headers;
    const head = { status: exchange.status, size: Number(length ?? Number.NaN), contentRange };
    const { key, signal } = read;
    return answerContent(answer as IncomingMessage, head, {
      key,
      range,
      place: store.options.place,
      model: "Azure Blob Storage",
      signal,
    });
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
