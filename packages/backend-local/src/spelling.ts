import { TrunksError } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { parentOf } from "./folders.ts";

/**
 * Some file systems take `App` and `app` for one name: those of macOS and Windows, and many shares. Two repositories called so
 * would be one there, and what is pushed to the one would appear in the other. So each folder on the way to a key must be
 * spelled as the key spells it. Files need no such care: in a trunk no two names differ only in case.
 */
export class Spelling {
  readonly #root: string;
  readonly #calls: FileCalls;
  /** Folders that are there, spelled as they are asked for. */
  readonly #right = new Set<string>();

  constructor(root: string, calls: FileCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** Throws `CONFIG_INVALID` when a folder above `path` is there under a name that differs in case. */
  check(path: string): void {
    const folder = parentOf(path);
    if (folder.length <= this.#root.length || this.#right.has(folder)) return;
    this.check(folder);
    const parent = parentOf(folder);
    const name = folder.slice(parent.length).replace("/", "");
    const found = this.#look(folder);
    if (found === undefined) return;
    const twin = this.#look(`${parent}/${swapCase(name)}`);
    const isOne = twin !== undefined && twin.ino === found.ino && twin.dev === found.dev;
    if (isOne && swapCase(name) !== name) this.#compare(parent, name);
    this.#right.add(folder);
  }

  /** On a file system that ignores case. */
  #compare(parent: string, name: string): void {
    const names = this.#calls.folder(parent).map((entry) => entry.name);
    const other = names.find((there) => there.toLowerCase() === name.toLowerCase());
    if (other === undefined || names.includes(name)) return;
    throw new TrunksError(
      "CONFIG_INVALID",
      `${parent}/${name} is called ${other} there, and case makes no difference`,
      {
        hint: `write ${other.replace(/\.trunk$/, "")}, or choose a name that differs in more than case`,
      },
    );
  }

  /** What keeps this from looking keeps the caller from its work, and is told there. */
  #look(path: string): { readonly ino: number; readonly dev: number } | undefined {
    try {
      return this.#calls.stat(path);
    } catch {
      return undefined;
    }
  }
}

function swapCase(name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) => {
    const lower = letter.toLowerCase();
    return letter === lower ? letter.toUpperCase() : lower;
  });
}
