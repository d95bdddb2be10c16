import { decodeText, encodeText } from "./text.ts";

/** In bytes. */
const maxRefNameLength = 4096;

/**
 * Whether a trunk may hold a ref of this name: `git check-ref-format`'s rules, below `refs/`.
 * Source: gitglossary and refs.c of Git.
 */
export function isRefName(name: string): boolean {
  if (/^refs(\/[A-Za-z0-9_-]+)+$/.test(name)) return name.length <= maxRefNameLength; // Most names, at once.
  if (!name.startsWith("refs/") || name.endsWith("/") || name.endsWith(".") || name.length > maxRefNameLength)
    return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be kept out
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)/.test(name)) return false;
  return /^[\x21-\x7e]*$/.test(name) || isText(name);
}

/** Whether the name is written as `decodeText` would write its bytes: two spellings of one name would be two refs. */
function isText(name: string): boolean {
  const bytes = encodeText(name);
  return bytes.length <= maxRefNameLength && (name.isWellFormed() || decodeText(bytes) === name);
}
