import { type ByteRange, type Content, resolveRange } from "@trunks/core";
import { answerContent, emptyAnswer, outsideBody, rangeHeader } from "@trunks/http-store";
import { getObject } from "./commands-read.ts";
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
  const { keyPrefix, place } = store.options;
  const command = getObject(keyPrefix + key, range && rangeHeader(range));
  try {
    const { body, ...head } = await store.send(command, { operation: "get", key, loss: "harmless", signal });
    return answerContent(body, head, { key, range, place, model: "S3", signal });
  } catch (error) {
    const refusal = refusalOf(error);
    // Only this: a 404 of a proxy, or of a server that is no S3 at all, says nothing about the key.
    if (refusal?.code === "NoSuchKey") return undefined;
    if (refusal?.status === 416 && range !== undefined) {
      return await outsideBody(range, refusal.totalSize, () => request(store, key, { start: 0, end: 1 }, signal));
    }
    throw error;
  }
}
