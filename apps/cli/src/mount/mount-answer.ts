import type { JournalLeft, Mount, Unpushed } from "@trunks/sdk";

/** A mount as it is shown. */
export interface MountAnswer {
  readonly object: "mount";
  readonly id: string;
  readonly path: string;
  readonly repository: string;
  readonly url: string;
  readonly remote: string;
  readonly branch: string | null;
  readonly commit_id: string | null;
  readonly created: boolean;
  readonly adopted: boolean;
  /** Files that were there and are not as the trunk has them. */
  readonly kept: readonly string[];
  /** Whether changes are journalled, and whether the journal goes to the trunk. */
  readonly watch: boolean | "push";
}

export function mountAnswer(mount: Mount): MountAnswer {
  const { id, path, repository, url, remote, branch, head, created, adopted, kept, watch } = mount;
  const place = { object: "mount", id, path, repository, url, remote } as const;
  return { ...place, branch: branch ?? null, commit_id: head ?? null, created, adopted, kept, watch };
}

/** Behind a mount in a line of its own. */
export function watchText(watch: Mount["watch"]): string {
  return watch === false ? "" : watch === "push" ? ", watched, the journal is pushed" : ", watched";
}

/** What only this folder has, a line each; none when the trunk has it all. */
export function* unpushedLines({ branches, files, stashes }: Unpushed): Generator<string> {
  for (const { name, commits } of branches) yield `${name}: ${counted(commits, "commit")} not pushed`;
  if (files.length > 0) yield `${counted(files.length, "file")} not committed: ${some(files)}`;
  if (stashes > 0) yield `${counted(stashes, "stash", "stashes")}`;
}

/** What stays of a journal, and how it goes; `undefined` when there is none. */
export function journalText({ mountId, days, daysInTrunk = 0 }: JournalLeft): string | undefined {
  if (days + daysInTrunk === 0) return undefined;
  const there = daysInTrunk === 0 ? "" : ` and of ${counted(daysInTrunk, "day")} in the trunk`;
  const how = `trunks recover --clean --of ${mountId.slice(0, 8)}, in a mount of this trunk`;
  return `its journal stays: states of ${counted(days, "day")} here${there}; to remove it: ${how}`;
}

/** The first ones. */
export function some(names: readonly string[], most = 5): string {
  return names.length > most ? `${names.slice(0, most).join(", ")}, …` : names.join(", ");
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
