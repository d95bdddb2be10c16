/** A path from the top of the worktree as git takes it, whatever pattern it looks like. */
export function literalPath(path: string): string {
  return `:(top,literal)${path}`;
}
