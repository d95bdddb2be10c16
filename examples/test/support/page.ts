import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A block of code on a page: ```` ```language path ````. */
export interface Block {
  readonly language: string;
  /** The file that the block is, or is a part of. */
  readonly path?: string;
  readonly text: string;
}

const root = join(import.meta.dirname, "..", "..", "..");

/** The text of a page of this repository. */
export function readPage(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The blocks of code of a page, in their order. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language = "", path, text = ""]) => ({
    language,
    ...(path !== undefined && { path }),
    text,
  }));
}

/** The files that the blocks with a path make: parts of one file are joined by an empty line. */
export function filesOf(page: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const { path, text } of blocksOf(page)) {
    if (path === undefined) continue;
    const before = files.get(path);
    files.set(path, before === undefined ? text : `${before}\n${text}`);
  }
  return files;
}

/**
 * A shell script as a page has it, with what belongs to the reader's world put in. Each change must be needed: one that
 * finds nothing to replace throws, so that the page and its test do not drift apart.
 */
export function substitute(script: string, changes: Readonly<Record<string, string>>): string {
  let changed = script;
  for (const [written, real] of Object.entries(changes)) {
    if (!changed.includes(written)) throw new Error(`the page does not say ${written}:\n${script}`);
    changed = changed.replaceAll(written, real);
  }
  return changed;
}
