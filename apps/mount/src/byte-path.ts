import { sep } from "node:path";

/**
 * A path in a repository as git has it: bytes, of which each is one character here (latin1), with `/` between names. Text in
 * UTF-8 would lose names that are none.
 */
export type BytePath = string;

/** Where it lies on the disk, for `node:fs`. */
export function onDisk(folder: string, path: BytePath): Buffer {
  return Buffer.concat([Buffer.from(folder + sep), Buffer.from(path, "latin1")]);
}

/** For people. */
export function shown(path: BytePath): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** `a/b` of `a/b/c`; `undefined` at the top. */
export function parentOf(path: BytePath): BytePath | undefined {
  const end = path.lastIndexOf("/");
  return end === -1 ? undefined : path.slice(0, end);
}
