import type { Context } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { findWorkingCopy, requireWorkingCopy } from "../git/working-copy.ts";

/** A trunk that a command's only word names: a URL, a remote, or nothing for this clone's own. */
export interface TrunkTarget {
  readonly url: string;
  /** Of the clone around, if there is one; absolute. */
  readonly gitDir?: string;
  /** Shared by all worktrees; absolute. */
  readonly commonDir?: string;
  /** Whether the trunk is that of the clone around. */
  readonly local: boolean;
}

export async function findTarget({ arguments: args }: Context): Promise<TrunkTarget> {
  const word = args.words[0];
  if (word?.includes("://")) {
    const copy = await findWorkingCopy();
    return { url: word, gitDir: copy?.gitDir, commonDir: copy?.commonDir, local: false };
  }
  const { gitDir, commonDir } = await requireWorkingCopy();
  return { url: (await findTrunkRemote(word)).url, gitDir, commonDir, local: true };
}
