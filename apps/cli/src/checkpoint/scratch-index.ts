import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import { copyIndex } from "@trunks/location";
import { decodeText } from "@trunks/repo";
import { git } from "../helper/git.ts";
import { systemError } from "../system-error.ts";
import { checkNothingIgnored } from "./ignored-files.ts";
import { explained } from "./refusal.ts";
import type { Worktree } from "./worktree.ts";

/**
 * A copy of git's index to work on. Whoever is killed meanwhile leaves the user's own as it was, and no lock behind. It
 * knows the times and sizes of files, so that only those are read that were changed.
 */
export class ScratchIndex {
  readonly #path: string;
  readonly #top: string;
  readonly #indexPath: string;
  readonly #signal: AbortSignal;
  /** How the user's own looked when it was copied. */
  readonly #seen: string;

  private constructor(
    path: string,
    { top, indexPath }: Pick<Worktree, "top" | "indexPath">,
    seen: string,
    signal: AbortSignal,
  ) {
    this.#path = path;
    this.#top = top;
    this.#indexPath = indexPath;
    this.#seen = seen;
    this.#signal = signal;
  }

  /** A copy of the worktree's index; an empty one where there is none yet, or where that is wanted. */
  static async make(
    worktree: Worktree,
    signal: AbortSignal,
    from: "index" | "nothing" = "index",
  ): Promise<ScratchIndex> {
    const folder = join(worktree.gitDir, "trunks", "index");
    try {
      await mkdir(folder, { recursive: true });
      await removeAbandoned(folder);
      const path = join(folder, `${process.pid}-${randomUUID()}`);
      const seen = await appearance(worktree.indexPath);
      const scratch = new ScratchIndex(path, worktree, seen, signal);
      if (from === "nothing" || seen === "absent") return scratch;
      await copyIndex(worktree.indexPath, path).catch(async (error) => {
        await scratch.remove();
        throw error;
      });
      return scratch;
    } catch (error) {
      throw systemError(error) ?? error;
    }
  }

  /** Another copy of what this one holds now. */
  async copy(): Promise<ScratchIndex> {
    const path = `${this.#path}-${randomUUID().slice(0, 8)}`;
    const copy = new ScratchIndex(path, { top: this.#top, indexPath: this.#indexPath }, this.#seen, this.#signal);
    await copyIndex(this.#path, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw systemError(error) ?? error;
    });
    return copy;
  }

  /** Runs git with this index in the place of the user's; answers what it prints. Throws what a user understands. */
  async git(args: readonly string[]): Promise<string> {
    const environment = { GIT_INDEX_FILE: this.#path, LC_ALL: "C" };
    const output = await git(args, { environment, signal: this.#signal }).catch((error) => {
      // That git was ended on purpose says more than how it ended.
      this.#signal.throwIfAborted();
      throw explained(error);
    });
    return decodeText(output).replace(/\n$/, "");
  }

  /** The tree that the index is. Its objects are in the repository then. */
  writeTree(): Promise<string> {
    return this.git(["write-tree"]);
  }

  /** Takes in everything that is in the worktree and not ignored, as `git add --all` does. */
  async addAll(): Promise<void> {
    // A warning about ends of lines must not keep anything from being saved.
    await this.git(["-c", "core.safecrlf=false", "add", "--all", "--", ":/"]);
  }

  /**
   * Brings the worktree's files from one tree, which the index is, to another; only what differs is touched. Throws
   * `PRECONDITION_FAILED`, and has touched nothing, when an ignored file is where another shall be.
   */
  async moveFiles(from: string, to: string): Promise<void> {
    if (from === to) return;
    await checkNothingIgnored(this, this.#top, { from, to });
    await this.git(["read-tree", "-m", "-u", from, to]);
  }

  /** Puts this index in the place of the user's. Throws `CONFLICT` when another program is at work on that one, or was. */
  async install(): Promise<void> {
    const lock = `${this.#indexPath}.lock`;
    try {
      // Git's own lock, with its content in it from the first moment on.
      await link(this.#path, lock).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EPERM" && error.code !== "ENOTSUP") throw error;
        return copyIndex(this.#path, lock); // A file system without hard links.
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return; // Nothing was ever put into it.
      if (code !== "EEXIST") throw systemError(error) ?? error;
      throw new TrunksError("CONFLICT", "another git process is at work in this repository", {
        cause: error,
        hint: `try again when it has ended; if there is none, remove ${lock}`,
      });
    }
    if ((await appearance(this.#indexPath)) !== this.#seen) {
      await rm(lock, { force: true });
      throw new TrunksError("CONFLICT", "another program has staged something meanwhile", { hint: "try again" });
    }
    await rename(lock, this.#indexPath);
  }

  async remove(): Promise<void> {
    await Promise.all([this.#path, `${this.#path}.lock`].map((path) => rm(path, { force: true })));
  }
}

/** Two files of one appearance are one. */
async function appearance(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "absent";
  }
}

/** Removes what killed processes have left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^[0-9]+/.exec(name)?.[0]);
    if (!(pid > 0) || isAlive(pid)) continue;
    await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
