import { TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { type Attempt, failure, headOf } from "./failure.ts";
import { type Folders, isNoFolder, kindOf, parentOf } from "./folders.ts";
import { isRefusal, Refusal, status } from "./refusal.ts";
import { RenameProbe } from "./rename-probe.ts";
import type { Temporaries } from "./temporaries.ts";

/** As often as others may remove the folder, or an empty one stand in the way, before this gives up. */
const maxTries = 100;

/** Gives finished files their name. */
export class Place {
  readonly #folders: Folders;
  readonly #temporaries: Temporaries;
  readonly #probe: RenameProbe;

  constructor(folders: Folders, temporaries: Temporaries) {
    this.#folders = folders;
    this.#temporaries = temporaries;
    this.#probe = new RenameProbe(temporaries);
  }

  /**
   * Gives a finished file its name where nothing has it: true when this call did, false when the name was taken. By a hard
   * link, which refuses a taken name on every server that knows it; by a plain rename where this server was seen to refuse
   * one. Where neither can be had, `NOT_SUPPORTED`.
   */
  async create(connection: Connection, temporary: string, path: string, attempt: Attempt): Promise<boolean> {
    const links = connection.offers("hardlink@openssh.com");
    if (!links) await this.#probe.check(connection, attempt);
    try {
      return await this.#createBy(links ? "link" : "rename", connection, { temporary, path, attempt });
    } finally {
      // After a rename there is none, unless it failed.
      this.#temporaries.remove(connection, temporary);
    }
  }

  /** Gives a finished file its name, whatever had it before. */
  async replace(connection: Connection, temporary: string, path: string, attempt: Attempt): Promise<void> {
    const atomic = connection.offers("posix-rename@openssh.com");
    try {
      for (let tries = 0; tries < maxTries; tries++) {
        try {
          if (atomic) await connection.replace(temporary, path, attempt.signal);
          else await connection.rename(temporary, path, attempt.signal);
          return;
        } catch (error) {
          if (!(error instanceof Refusal)) throw failure(error, attempt, "repeatable");
          const found = await this.#clearWay(error, connection, { temporary, path, attempt });
          if (found !== "file") continue;
          // Servers without an overwriting rename: the key is absent for a moment.
          if (atomic) throw error;
          await connection.remove(path, attempt.signal).catch((reason: unknown) => {
            if (!isRefusal(reason, status.noSuchFile)) throw reason;
          });
        }
      }
      throw disturbed(path, attempt);
    } catch (error) {
      this.#temporaries.remove(connection, temporary);
      throw error;
    }
  }

  async #createBy(how: "link" | "rename", connection: Connection, move: Move): Promise<boolean> {
    const { temporary, path, attempt } = move;
    for (let tries = 0; tries < maxTries; tries++) {
      try {
        await connection[how](temporary, path, attempt.signal);
        return true;
      } catch (error) {
        if (!(error instanceof Refusal)) throw failure(error, attempt, "final");
        // "Failure" is all that a loser is told: what is there says whether that is the reason.
        if ((await this.#clearWay(error, connection, move)) === "file") return false;
        if (error.status !== status.failure && error.status !== status.unsupported) continue;
        if (how === "link" && !(await this.#canLink(connection, temporary, attempt))) throw noLinks(error, attempt);
      }
    }
    throw disturbed(path, attempt);
  }

  /**
   * Removes what stood in the way, where that may be done. Answers `file` when the name is taken, and otherwise that it is
   * worth another try; throws when it is not.
   */
  async #clearWay(refusal: Refusal, connection: Connection, move: Move): Promise<"file" | "cleared"> {
    const { temporary, path, attempt } = move;
    if (refusal.status === status.permissionDenied || refusal.status === status.badMessage) throw refusal;
    if (refusal.status === status.noSuchFile) {
      if ((await kindOf(connection, temporary, attempt)) === "absent") throw tidiedAway(path, attempt);
      await this.#folders.make(connection, parentOf(path), attempt);
      return "cleared";
    }
    if ((await kindOf(connection, parentOf(path) || ".", attempt)) === "file")
      throw isNoFolder(parentOf(path), attempt);
    const kind = await kindOf(connection, path, attempt);
    if (kind === "file") return "file";
    if (kind === "absent") return "cleared";
    // An empty folder is what deletes may leave, and no key.
    await this.#folders.prune(connection, path, attempt);
    if ((await kindOf(connection, path, attempt)) !== "folder") return "cleared";
    throw new TrunksError("INVALID_ARGUMENT", `${headOf(attempt)}: it is a folder of other keys, and cannot be a key`);
  }

  /** Whether hard links can be made, seen where this user may certainly make names. */
  async #canLink(connection: Connection, temporary: string, attempt: Attempt): Promise<boolean> {
    const second = `${temporary}.link`;
    try {
      await connection.link(temporary, second, attempt.signal);
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
    this.#temporaries.remove(connection, second);
    return true;
  }
}

interface Move {
  readonly temporary: string;
  readonly path: string;
  readonly attempt: Attempt;
}

function noLinks(cause: Refusal, attempt: Attempt): TrunksError {
  return new TrunksError(
    "NOT_SUPPORTED",
    `${headOf(attempt)} offers hard links, and answered ${cause.status} (${cause.message}) to one between two free names`,
    {
      cause,
      hint: "use a folder on a file system that has hard links (ext4, XFS, Btrfs, ZFS, NTFS), or another kind of store",
    },
  );
}

function tidiedAway(path: string, attempt: Attempt): TrunksError {
  return new TrunksError(
    "UNAVAILABLE",
    `${headOf(attempt)}: ${path} was not written: its temporary file was removed by somebody`,
    { retryable: true },
  );
}

function disturbed(path: string, attempt: Attempt): TrunksError {
  return new TrunksError(
    "UNAVAILABLE",
    `${headOf(attempt)}: ${path} was not written: its folder is removed again and again`,
    { retryable: true },
  );
}
