import { TrunksError } from "./error.ts";

/**
 * Keys are what every store can hold without rewriting: segments of ASCII letters, digits, `.`, `_` and `-`, joined by
 * `/`. A segment begins with a letter or a digit and is at most 200 bytes, a key at most 512. So `.`, `..`, `//`, hidden
 * files and anything that a URL or a file system would escape cannot be written.
 *
 * Callers keep one more rule, which some stores need: no key is a folder of another (`a` beside `a/b`).
 */
const segmentPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** In bytes. */
export const maxKeyLength = 512;
/** In bytes. */
export const maxSegmentLength = 200;

/** Throws `INVALID_ARGUMENT` unless `key` is a key. */
export function checkKey(key: string): void {
  const valid =
    key.length <= maxKeyLength &&
    key.split("/").every((segment) => segment.length <= maxSegmentLength && segmentPattern.test(segment));
  if (!valid) throw new TrunksError("INVALID_ARGUMENT", `not a key: ${JSON.stringify(key)}`);
}

/** Throws `INVALID_ARGUMENT` unless `prefix` is empty, or a key followed by `/`. */
export function checkPrefix(prefix: string): void {
  if (prefix === "") return;
  if (!prefix.endsWith("/"))
    throw new TrunksError("INVALID_ARGUMENT", `a prefix ends in "/": ${JSON.stringify(prefix)}`);
  checkKey(prefix.slice(0, -1));
}

/** Byte order; keys are ASCII, where it is the order of code units. */
export function compareKeys(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
