import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * The folder that all worktrees of a repository share, absolute: `gitDir` itself but for linked worktrees. As
 * `git rev-parse --git-common-dir`, without starting git.
 */
export function commonGitDir(gitDir: string): string {
  if (process.env.GIT_COMMON_DIR !== undefined) return resolve(process.env.GIT_COMMON_DIR);
  try {
    return resolve(gitDir, readFileSync(join(gitDir, "commondir"), "utf8").trim());
  } catch {
    return resolve(gitDir); // Only linked worktrees have that file.
  }
}
