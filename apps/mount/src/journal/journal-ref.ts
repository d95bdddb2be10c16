/** Where the states of a mount's folder are kept: one ref a day, so that old ones go by deleting a ref. */
const journalPrefix = "refs/trunks/journal/";

/** The refs of one mount begin with this. */
export function journalRefs(mountId: string): string {
  return `${journalPrefix}${mountId}/`;
}

/** The ref of a day, by UTC. */
export function journalRef(mountId: string, date: Date): string {
  return journalRefs(mountId) + date.toISOString().slice(0, 10).replaceAll("-", "");
}

/** How many days' states are kept. */
const keptDays = 14;

/** Those of a mount's refs that are older than what is kept. */
export function outdated(refs: readonly string[], mountId: string, now: Date): string[] {
  const oldest = journalRef(mountId, new Date(now.getTime() - keptDays * 24 * 60 * 60 * 1000));
  return refs.filter((ref) => ref < oldest);
}
