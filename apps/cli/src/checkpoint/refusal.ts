import { type ErrorCode, TrunksError } from "@trunks/core";
import { GitFailure } from "../helper/git.ts";
import { roomHint } from "../system-error.ts";

/** What git says when it refuses, and what that means to whoever wanted a checkpoint, a rollback or another branch. */
const meanings: readonly (readonly [pattern: RegExp, code: ErrorCode, message: string, hint: string])[] = [
  [
    /Entry '([^']*)' not uptodate/,
    "CONFLICT",
    "a file was changed meanwhile",
    "try again when the programs that write here have ended",
  ],
  [
    /'([^']*)' does not have a commit checked out/,
    "PRECONDITION_FAILED",
    "a repository of its own that has no commit is in this folder",
    "make a commit in it, or have it ignored",
  ],
  [
    // Git does not say why.
    /unable to write file ([^;]*)/,
    "NO_SPACE",
    "a file cannot be written, as where a disk is full",
    roomHint,
  ],
  [
    /tell me who you are|empty ident name|unable to auto-detect email/,
    "CONFIG_INVALID",
    "git does not know who you are",
    "git config --global user.name NAME; git config --global user.email ADDRESS",
  ],
  [
    /(?:open|unable to (?:index|create|unlink)[^:;]*)[^;]*Permission denied/,
    "PERMISSION_DENIED",
    "this user may not read or write all files here",
    "see whose they are: ls -l",
  ],
  [
    /unable to (?:append to|lock|create)[^;]*\.lock'?: File exists|cannot lock ref/,
    "CONFLICT",
    "another git process is at work in this repository",
    "try again when it has ended",
  ],
];

/** The same failure in words for users; git's own are its cause. */
export function explained(error: unknown): unknown {
  if (!(error instanceof GitFailure) || error.code === "NO_SPACE") return error;
  for (const [pattern, code, message, hint] of meanings) {
    const found = pattern.exec(error.message);
    if (found === null) continue;
    const [, name] = found;
    return new TrunksError(code, name === undefined ? message : `${message}: ${name}`, { cause: error, hint });
  }
  return error;
}
