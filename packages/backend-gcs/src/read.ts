import { type ByteRange, type Content, resolveRange } from "@trunks/core";
import { answerContent, emptyAnswer, outsideBody, rangeHeader } from "@trunks/http-store";
import { refusalOf } from "./refusal.ts";
import type { GcsStore, StoreRequest } from "./store.ts";

/** Reads a body or a part of it: see `Backend.get`. One request, a second only where the first cannot tell the size. */
export async function readObject(
  store: GcsStore,
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
  store: GcsStore,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  const read: StoreRequest = {
    method: "GET",
    path: `${store.objectsPath(key)}?alt=media`,
    headers: range && { range: rangeHeader(range) },
    operation: "get",
    key,
    loss: "harmless",
    signal,
  };
  try {
    const { body, exchange } = await store.open(read);
    const { "content-length": length, "content-range": contentRange } = exchange.headers;
    const head = { status: exchange.status, size: Number(length ?? Number.NaN), contentRange };
    const { place } = store.options;
    return answerContent(body, head, { key, range, place, model: "Google Cloud Storage", signal });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal?.status === 404) {
      // The emulator says no more than this; a proxy in between may mean anything.
      if (!/^No such object\b/.test(refusal.message)) await store.requireBucket(read);
      return undefined;
    }
    if (refusal?.status === 416 && range !== undefined) {
      return await outsideBody(range, refusal.totalSize, () => request(store, key, { start: 0, end: 1 }, signal));
    }
    throw error;
  }
}
