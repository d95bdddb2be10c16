import { type Backend, type Body, isTrunksError, type RequestOptions } from "@trunks/core";
import { missing } from "../transfer/download.ts";

/** Tries after a lost answer: whoever wrote the key, the bytes are the same. */
const maxTries = 5;

/** Writes bytes under a key whose bytes are the same everywhere. */
export async function createSame(target: Backend, key: string, body: Body, options: RequestOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await target.create(key, body, { signal: options.signal });
      return;
    } catch (error) {
      if (!isTrunksError(error, "OUTCOME_UNKNOWN") || options.signal?.aborted || attempt === maxTries) throw error;
    }
  }
}

export async function readWhole(source: Backend, key: string, { signal }: RequestOptions): Promise<Uint8Array> {
  const content = await source.get(key, { signal });
  if (content === undefined) throw missing(key);
  return content.bytes();
}

export async function isThere(target: Backend, key: string, { signal }: RequestOptions): Promise<boolean> {
  const content = await target.get(key, { signal, range: { start: 0, end: 1 } });
  await content?.bytes();
  return content !== undefined;
}
