import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import { encodeText, mapConcurrent } from "@trunks/repo";
import { literalPath } from "./pathspec.ts";
import type { ScratchIndex } from "./scratch-index.ts";

/** Paths that are looked for at once. */
const simultaneous = 32;
/** Paths that one command line names. */
const namedPaths = 200;

/**
 * Git takes ignored files for worthless and puts others in their place. Throws `PRECONDITION_FAILED` when one would go on the
 * way from the tree that the index and the files are to another. Looks only for what the other one adds.
 */
export async function checkNothingIgnored(
  scratch: ScratchIndex,
  top: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const args = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", from, to];
  const added = (await scratch.git(args)).split("\0").filter(Boolean);
  const folder = new Folder(top);
  const found = await mapConcurrent(added, simultaneous, (path) => folder.occupied(path));
  const places = [...new Set(found.filter((path) => path !== undefined))];
  for (let at = 0; at < places.length; at += namedPaths) {
    const named = places.slice(at, at + namedPaths).map(literalPath);
    // What is there and not in the index is ignored: the index has all the rest.
    const [ignored] = (await scratch.git(["ls-files", "--others", "--full-name", "-z", "--", ...named])).split("\0");
    if (!ignored) continue;
    throw new TrunksError("PRECONDITION_FAILED", `a file that git ignores is in the way: ${ignored}`, {
      hint: "move it away, and try again",
    });
  }
}

/** What there is below a folder, each place looked at once. */
class Folder {
  readonly #top: string;
  readonly #seen = new Map<string, Promise<Stats | undefined>>();

  constructor(top: string) {
    this.#top = top;
  }

  /** What stands where a file shall be: the path itself, or what is no folder on the way to it; `undefined` for nothing. */
  async occupied(path: string): Promise<string | undefined> {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const way = path.slice(0, end);
      const stats = await this.#look(way);
      if (stats === undefined) return undefined;
      if (!stats.isDirectory()) return way;
    }
    return (await this.#look(path)) && path;
  }

  #look(path: string): Promise<Stats | undefined> {
    const known = this.#seen.get(path);
    if (known !== undefined) return known;
    // Names need not be UTF-8.
    const looking = lstat(Buffer.from(encodeText(join(this.#top, path)))).catch(() => undefined);
    this.#seen.set(path, looking);
    return looking;
  }
}
