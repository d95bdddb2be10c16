import { TrunksError } from "@trunks/core";
import { decodeText, encodeText } from "@trunks/repo/client";
import { isDotGit } from "./dot-git.ts";

/**
 * The names on the way to a file: `src/main.ts` is two. Throws `INVALID_ARGUMENT` for what git would not take into a tree:
 * an empty name, `.`, `..`, `.git` in any case or disguise, a zero byte; and for an absolute path.
 */
export function parsePath(path: string): string[] {
  if (typeof path !== "string" || path === "") throw refused(path, "it is empty");
  if (path.startsWith("/")) throw refused(path, "a path begins at the top of the repository, without a slash");
  const names = path.split("/");
  for (const name of names) checkName(name, path);
  return names;
}

/**
 * As `parsePath` for something that shall be made, and a name above 255 bytes is refused too: git would take it, and no
 * usual file system could check it out.
 */
export function parseNewPath(path: string): string[] {
  const names = parsePath(path);
  for (const name of names) {
    const size = encodeText(name).length;
    if (size > maxNameSizeBytes) throw refused(path, `a name of ${size} bytes is above ${maxNameSizeBytes}`);
  }
  return names;
}

/** Puts items in the order of the bytes of their paths. */
export function sortByPath<Item extends { readonly path: string }>(items: Item[]): Item[] {
  // Where strings have the same order they need not be taken apart.
  if (items.some(({ path }) => highCharacter.test(path))) {
    return items.sort((left, right) => comparePaths(left.path, right.path));
  }
  return items.sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
}

/** The order of the bytes of paths, which is git's and not that of strings. */
function comparePaths(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (one === other) continue;
    if (one < firstSurrogate && other < firstSurrogate) return one - other;
    return compareBytes(encodeText(left), encodeText(right));
  }
  return left.length - right.length;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** What ext4, APFS and NTFS take. */
const maxNameSizeBytes = 255;
/** From here on code units do not sort as the bytes of UTF-8 do. */
const firstSurrogate = 0xd800;
/** Of those below, strings have the order of their bytes. */
const highCharacter = /[\ud800-\uffff]/;

/** As `parsePath` for a folder: one slash may end it, and `""`, `"."` and `"/"` are the top. */
export function parseFolderPath(path: string): string[] {
  if (path === "" || path === "." || path === "/") return [];
  return parsePath(path.endsWith("/") ? path.slice(0, -1) : path);
}

function checkName(name: string, path: string): void {
  if (name === "") throw refused(path, "it has an empty part");
  if (name === "." || name === "..") throw refused(path, `it has ${name} in it`);
  if (isDotGit(name)) throw refused(path, "it leads into git's own folder");
  if (name.includes("\0")) throw refused(path, "it has a zero byte in it");
  if (!name.isWellFormed() && decodeText(encodeText(name)) !== name) throw refused(path, "it is no text");
}

function refused(path: unknown, reason: string): TrunksError {
  const shown = String(path);
  return new TrunksError(
    "INVALID_ARGUMENT",
    `${JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown)} is no path: ${reason}`,
  );
}
