import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadPackage } from "@trunks/location";
import type * as CheckpointEntry from "@trunks/mount/checkpoint";
import { installations } from "../trunk/open-trunk.ts";

/** A checkpoint that was made by whoever watches the folder. */
export interface QuickCheckpoint {
  readonly id: string;
  readonly created: boolean;
  /** The full name of the branch that it is on; `undefined` on none. */
  readonly branch: string | undefined;
}

/** Variables that lead git to another repository, or another index, than those of the folder around. */
const leading = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"];

/** `undefined` where nobody watches, or something is so unusual that git had better look at everything. */
export async function watchedCheckpoint(message: string): Promise<QuickCheckpoint | undefined> {
  const gitDir = watchedGitDir();
  if (gitDir === undefined || leading.some((name) => process.env[name] !== undefined)) return undefined;
  const loaded = await loadPackage("@trunks/mount", "a mount", process.env, installations, "./checkpoint");
  const { checkpointWatched } = loaded as typeof CheckpointEntry;
  const made = await checkpointWatched(process.cwd(), { message, identity: identity() });
  if (made === undefined) return undefined;
  const head = readFileSync(join(gitDir, "HEAD"), "utf8");
  return { ...made, branch: /^ref: (.*)$/m.exec(head)?.[1] };
}

/** Of the repository around, when something watches it; found without git, which takes longer than the checkpoint. */
function watchedGitDir(): string | undefined {
  for (let path = process.cwd(); ; path = dirname(path)) {
    const gitDir = join(path, ".git");
    if (existsSync(gitDir)) return existsSync(join(gitDir, "trunks", "watch", "socket")) ? gitDir : undefined;
    if (dirname(path) === path) return undefined;
  }
}

/** What git's own variables say of who makes the commit, and when. */
function identity(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^GIT_(AUTHOR|COMMITTER)_|^EMAIL$/.test(name)),
  );
}
