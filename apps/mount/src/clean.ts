import { TrunksError } from "@trunks/core";
import { Git } from "./git.ts";
import { gitEnvironment } from "./git-environment.ts";
import { allJournals, journalDay, outdated } from "./journal/journal-ref.ts";
import { listJournalRefs, listTrunkRefs } from "./journal/states.ts";
import { watchStatus } from "./start-watch.ts";
import { type MountFolderOptions, requireMount } from "./unmount.ts";

export interface CleanOptions extends MountFolderOptions {
  /** The mount whose journal goes, all of it: its id, or the first digits. Default: of all mounts what is too old. */
  readonly of?: string;
}

/** The states of a day in a mount's journal. */
export interface JournalDay {
  readonly mountId: string;
  /** As in `2026-11-21`, by UTC. */
  readonly day: string;
  readonly isHere: boolean;
  readonly isInTrunk: boolean;
}

/** What was removed of journals, and what is left. */
export interface CleanedJournals {
  readonly path: string;
  readonly removed: readonly JournalDay[];
  readonly left: readonly JournalDay[];
}

/** Refs that one command line of git names. */
const refsAtOnce = 1000;

/**
 * Removes states, here and in the trunk: of all mounts those that are older than what is kept, for a mount that is gone for good
 * removes nothing itself; or a whole mount's. Throws `UNAVAILABLE` when the trunk cannot be reached, and then nothing is removed
 * here.
 */
export async function cleanJournals({ of, path: given, helperFolder, signal }: CleanOptions): Promise<CleanedJournals> {
  const { path, record } = await requireMount(given);
  const git = new Git(path, await gitEnvironment(helperFolder));
  const [here, inTrunk] = await Promise.all([
    listJournalRefs(git, { signal }),
    listTrunkRefs(git, record.remote, allJournals, { signal }),
  ]);
  const all = [...new Set([...here, ...inTrunk])].sort();
  const doomed = new Set(of === undefined ? outdated(all, new Date()) : refsOf(all, of));
  if ([...doomed].some((ref) => journalDay(ref)?.mountId === record.id) && of !== undefined) await refuseWatched(path);
  for (const refs of parts(inTrunk.filter((ref) => doomed.has(ref)))) {
    const args = ["push", "--quiet", "--no-verify", record.remote, ...refs.map((ref) => `:${ref}`)];
    await git.bytes(args, { signal, failure: "UNAVAILABLE" });
  }
  const deletions = here.filter((ref) => doomed.has(ref)).map((ref) => `delete ${ref}\n`);
  await git.bytes(["update-ref", "--stdin"], { input: deletions.join(""), signal });
  const day = (ref: string): JournalDay => {
    const { mountId = "", date = new Date(0) } = journalDay(ref) ?? {};
    const there = { isHere: here.includes(ref), isInTrunk: inTrunk.includes(ref) };
    return { mountId, day: date.toISOString().slice(0, 10), ...there };
  };
  return {
    path,
    removed: all.filter((ref) => doomed.has(ref)).map(day),
    left: all.filter((ref) => !doomed.has(ref)).map(day),
  };
}

/** Those of the one mount whose id begins so. */
function refsOf(refs: readonly string[], start: string): string[] {
  const idOf = (ref: string) => journalDay(ref)?.mountId ?? "";
  const found = start === "" ? [] : refs.filter((ref) => idOf(ref).startsWith(start));
  const count = new Set(found.map(idOf)).size;
  if (count === 1) return found;
  if (count > 1) throw new TrunksError("INVALID_ARGUMENT", `the journals of ${count} mounts begin with ${start}`);
  throw new TrunksError("NOT_FOUND", `there is no journal of a mount ${JSON.stringify(start)}`, {
    hint: "`trunks recover --remote` lists states, with the mounts they are of",
  });
}

async function refuseWatched(path: string): Promise<void> {
  if ((await watchStatus(path)) === undefined) return;
  throw new TrunksError("CONFLICT", "that is the journal of this very mount, which is watched", {
    hint: "end that first: `trunks mount --watch=off`",
  });
}

function parts(refs: readonly string[]): string[][] {
  const count = Math.ceil(refs.length / refsAtOnce);
  return Array.from({ length: count }, (_, index) => refs.slice(index * refsAtOnce, (index + 1) * refsAtOnce));
}
