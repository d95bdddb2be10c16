import { TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";

/** A ref that is not what a push had expected. */
export interface MovedRef {
  /** The full name: `refs/heads/main`. */
  readonly ref: string;
  /** What the push was made on; `null` for nothing. */
  readonly expected: ObjectId | null;
  /** What the trunk has; `null` for nothing. */
  readonly actual: ObjectId | null;
}

/** Another writer was first, and what both did does not go together by itself. Its code is `CONFLICT`. */
export class ConflictError extends TrunksError {
  /** The refs that moved. */
  readonly moved: readonly MovedRef[];
  /** The paths that both sides changed; empty when nothing was tried. */
  readonly paths: readonly string[];

  constructor(message: string, hint: string, moved: readonly MovedRef[], paths: readonly string[] = []) {
    super("CONFLICT", message, { hint });
    this.moved = moved;
    this.paths = paths;
  }
}

/** Names paths in a message; many of them by their number. */
export function pathsText(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(", ");
  return paths.length <= 3 ? shown : `${shown} and ${paths.length - 3} more`;
}
