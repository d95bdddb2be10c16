import { type Body, bodySlice } from "@trunks/core";
import type { Argument } from "./connection.ts";

/** Bodies are kept in pieces of this size, so that a range costs no more than it holds. */
export const chunkBytes = 256 * 1024;

/** So many chunks are on their way at once. */
const window = 8;

/** An upload that nobody finished goes after a day. */
const lifeSeconds = 86_400;

export type Send = (command: string, args: readonly Argument[]) => Promise<unknown>;

/** Writes the body as the hash `upload`, which no reader knows, in bounded memory. */
export async function uploadChunks(send: Send, upload: string, body: Body): Promise<void> {
  const sent: Promise<unknown>[] = [];
  let number = 0;
  for await (const chunk of chunksOf(body)) {
    sent.push(noted(send("HSET", [upload, number, chunk])));
    if (number % window === 0) sent.push(noted(send("EXPIRE", [upload, lifeSeconds])));
    number += 1;
    while (sent.length > window) await sent.shift();
  }
  await Promise.all(sent);
}

/** A failure is thrown where the promise is awaited, and not before. */
function noted(promise: Promise<unknown>): Promise<unknown> {
  promise.catch(() => {});
  return promise;
}

/** The bytes of a body in chunks of `chunkBytes`, the last one shorter. */
async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(chunkBytes);
  let filled = 0;
  for await (let bytes of bodySlice(body)) {
    while (bytes.length > 0) {
      const part = bytes.subarray(0, chunkBytes - filled);
      chunk.set(part, filled);
      filled += part.length;
      bytes = bytes.subarray(part.length);
      if (filled < chunkBytes) continue;
      yield chunk;
      chunk = new Uint8Array(chunkBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
