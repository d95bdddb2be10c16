import { TrunksError } from "@trunks/core";
import type { FileCalls } from "./file-calls.ts";
import { errnoOf, fileError, unknownOutcome } from "./file-error.ts";
import { type Folders, parentOf } from "./folders.ts";
import type { Temporaries } from "./temporaries.ts";

/** What giving a file its name needs. */
export interface Place {
  readonly calls: FileCalls;
  readonly folders: Folders;
  readonly temporaries: Temporaries;
}

/** As often as others may remove the folder, or an empty one stand in the way, before this gives up. */
const maxTries = 100;

/** After these nobody knows whether a share's server did what was asked. */
const lostAnswers = new Set(["EIO", "ESTALE", "ETIMEDOUT", "EINTR", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH"]);

/** How systems say that there are no hard links; the first also says other things. */
const noLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Gives a finished file its name by a hard link: true when this call did, false when the name was taken.
 *
 * `link(2)` is the one call that is atomic, refuses a taken name and shows the file whole, on disks and on NFS alike. A
 * file system without hard links is refused: an exclusive open shows half a body, a rename overwrites, and a detour that
 * only some machines of a share take would let two writers win.
 */
export function linkAt(temporary: string, path: string, place: Place): boolean {
  for (let tries = 0; tries < maxTries; tries++) {
    try {
      place.calls.link(temporary, path);
      return true;
    } catch (error) {
      const code = errnoOf(error) ?? "";
      const lost = lostAnswers.has(code);
      // NFS repeats a request whose answer was lost, and may then find the name taken: by this very file.
      if ((lost || code === "EEXIST") && countNames(temporary, path, place) > 1) return true;
      if (lost) throw unknownOutcome(error, path);
      // Seen or not: a share's client may show late what the server has refused to overwrite.
      if (code === "EEXIST" && !isFolder(path, place.calls)) return false;
      if (clearWay(code, temporary, path, place)) continue;
      if (noLinks.has(code) && !place.temporaries.hasHardLinks(temporary)) throw withoutLinks(error, path);
      throw fileError(error, "create", path);
    }
  }
  throw disturbed(path);
}

/** Gives a finished file its name, whatever had it before. */
export function renameTo(temporary: string, path: string, place: Place): void {
  for (let tries = 0; tries < maxTries; tries++) {
    try {
      place.calls.rename(temporary, path);
      return;
    } catch (error) {
      if (!clearWay(errnoOf(error) ?? "", temporary, path, place)) throw fileError(error, "write", path);
    }
  }
  throw disturbed(path);
}

/** Removes what stood in the way, where that may be done: true when it is worth another try. */
function clearWay(code: string, temporary: string, path: string, { calls, folders }: Place): boolean {
  switch (code) {
    case "ENOENT":
      if (!isFile(temporary, calls)) throw tidiedAway(path);
      folders.make(parentOf(path));
      return true;
    case "EEXIST":
    case "EISDIR":
    case "ENOTEMPTY":
      // An empty folder is what deletes may leave, and no key.
      folders.prune(path);
      if (!isFolder(path, calls)) return true;
      throw new TrunksError("INVALID_ARGUMENT", `${path} is a folder of other keys, and cannot be a key itself`);
    case "ENOTDIR":
      throw new TrunksError("INVALID_ARGUMENT", `${path} cannot be a key: what lies above it is one`);
    default:
      return false;
  }
}

function countNames(temporary: string, path: string, { temporaries }: Place): number {
  try {
    return temporaries.countNames(temporary);
  } catch (error) {
    throw unknownOutcome(error, path);
  }
}

function isFile(path: string, calls: FileCalls): boolean {
  return calls.stat(path)?.isFile() === true;
}

function isFolder(path: string, calls: FileCalls): boolean {
  return calls.stat(path)?.isDirectory() === true;
}

function withoutLinks(error: unknown, path: string): TrunksError {
  return new TrunksError("NOT_SUPPORTED", `cannot create ${path}: its file system has no hard links`, {
    cause: error,
    hint: "use a file system that has them (ext4, XFS, Btrfs, ZFS, APFS, NTFS, NFS), or another kind of store",
  });
}

function tidiedAway(path: string): TrunksError {
  return new TrunksError("UNAVAILABLE", `${path} was not written: its temporary file was removed by somebody`, {
    retryable: true,
  });
}

function disturbed(path: string): TrunksError {
  return new TrunksError("UNAVAILABLE", `${path} was not written: its folder is removed again and again`, {
    retryable: true,
  });
}
