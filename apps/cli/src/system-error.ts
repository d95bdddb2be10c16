import { type ErrorCode, TrunksError } from "@trunks/core";

export const roomHint = "make room on the disk of this repository: df -h, and quota, show how much is left";
const ownerHint = "see who may write this repository: ls -ld .git, and who you are: id";

const meanings: Readonly<Record<string, readonly [code: ErrorCode, what: string, hint: string]>> = {
  ENOSPC: ["NO_SPACE", "no space is left on the disk", roomHint],
  EDQUOT: ["NO_SPACE", "the quota of this user is used up", roomHint],
  EACCES: ["PERMISSION_DENIED", "this user may not", ownerHint],
  EPERM: ["PERMISSION_DENIED", "this user may not", ownerHint],
  EROFS: ["PERMISSION_DENIED", "the file system is mounted read-only", "mount it for writing"],
  EMFILE: ["UNAVAILABLE", "this process has too many files open", "raise the limit: ulimit -n"],
};

/** What an error of this machine's own files means; `undefined` for any other. */
export function systemError(error: unknown): TrunksError | undefined {
  const { code = "", syscall = "", path } = error as NodeJS.ErrnoException;
  const meaning = meanings[code];
  if (meaning === undefined || !(error instanceof Error)) return undefined;
  const [kind, what, hint] = meaning;
  return new TrunksError(kind, `cannot ${[syscall, path].filter(Boolean).join(" ")}: ${what}`, { cause: error, hint });
}
