/** Where the states of mounts' folders are kept: one ref a day, so that old ones go by deleting a ref. */
const journalPrefix = "refs/trunks/journal/";

/** Every journal's refs. */
export const allJournals = `${journalPrefix}*`;

/** The refs of one mount begin with this. */
export function journalRefs(mountId: string): string {
  return `${journalPrefix}${mountId}/`;
}

/** The ref of a day, by UTC. */
export function journalRef(mountId: string, date: Date): string {
  return journalRefs(mountId) + date.toISOString().slice(0, 10).replaceAll("-", "");
}

/** Whose a ref is, and of which day; `undefined` for one that is none of a journal. */
export function journalDay(ref: string): { readonly mountId: string; readonly date: Date } | undefined {
  const found = /^refs\/trunks\/journal\/([^/]+)\/(\d{4})(\d\d)(\d\d)$/.exec(ref);
  if (found === null) return undefined;
  const [, mountId = "", year, month, day] = found;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? undefined : { mountId, date };
}

/** How many days' states are kept. */
const keptDays = 14;

/** Those refs that are older than what is kept, whosever they are. */
export function outdated(refs: readonly string[], now: Date): string[] {
  return refs.filter((ref) => {
    const mountId = journalDay(ref)?.mountId;
    return mountId !== undefined && ref < journalRef(mountId, new Date(now.getTime() - keptDays * 24 * 60 * 60 * 1000));
  });
}
