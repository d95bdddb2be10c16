import { type RequestOptions, TrunksError } from "@trunks/core";
import { type BytePath, shown } from "../byte-path.ts";
import type { Git } from "../git.ts";
import { allJournals, journalDay } from "./journal-ref.ts";

/** A state of a folder in a journal. */
export interface JournalState {
  readonly id: string;
  /** Of whose folder. */
  readonly mountId: string;
  /** In milliseconds since 1970. */
  readonly timeMs: number;
  /** That was checked out; `undefined` when HEAD was detached. */
  readonly branch: string | undefined;
  /** The commit that HEAD was; `undefined` before the first. */
  readonly head: string | undefined;
  readonly tree: string;
}

/** The states of all journals here, the newest first. */
export async function listStates(git: Git, options: RequestOptions = {}): Promise<JournalState[]> {
  const states: JournalState[] = [];
  for (const ref of await listJournalRefs(git, options)) {
    const args = ["log", "-z", "--first-parent", "--format=%H %T %ct %P%n%B", "--end-of-options", ref];
    const mountId = journalDay(ref)?.mountId as string;
    for (const text of await git.items(args, options)) {
      const state = readState(text, mountId);
      if (state !== undefined) states.push(state);
    }
  }
  return states.sort((left, right) => right.timeMs - left.timeMs);
}

/** The refs of all journals here. */
export async function listJournalRefs(git: Git, options: RequestOptions = {}): Promise<string[]> {
  // A pattern without an end is a folder of refs.
  const listed = await git.text(["for-each-ref", "--format=%(refname)", allJournals.slice(0, -1)], options);
  return listed.split("\n").filter((ref) => journalDay(ref) !== undefined);
}

/** The refs that the trunk has of journals; `pattern` is of one mount's or all. Throws `UNAVAILABLE`. */
export async function listTrunkRefs(
  git: Git,
  remote: string,
  pattern: string,
  options: RequestOptions = {},
): Promise<string[]> {
  const listed = await git.text(["ls-remote", "--refs", remote, pattern], { ...options, failure: "UNAVAILABLE" });
  return listed.split("\n").flatMap((line) => {
    const ref = line.split("\t")[1] ?? "";
    return journalDay(ref) === undefined ? [] : [ref];
  });
}

function readState(text: string, mountId: string): JournalState | undefined {
  const [facts = "", subject, ...lines] = text.split("\n");
  if (subject !== "trunks journal") return undefined; // Where a day's begin.
  const [id = "", tree = "", time, , head] = facts.split(" ");
  const branch = lines.map((line) => /^Branch: (.*)$/.exec(line)?.[1]).find(Boolean);
  return {
    id,
    mountId,
    timeMs: Number(time) * 1000,
    branch: branch === "none" ? undefined : branch && shown(branch),
    head,
    tree,
  };
}

/** The state that an id's first digits name. Throws `NOT_FOUND`, and `INVALID_ARGUMENT` when they name several. */
export async function findState(git: Git, id: string, options: RequestOptions = {}): Promise<JournalState> {
  const all = await listStates(git, options);
  const found = /^[0-9a-f]{4,64}$/.test(id) ? all.filter((state) => state.id.startsWith(id)) : [];
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) throw new TrunksError("INVALID_ARGUMENT", `${found.length} states begin with ${id}`);
  throw new TrunksError("NOT_FOUND", `there is no state ${JSON.stringify(id)}`, {
    hint: "`trunks recover` lists them",
  });
}

/** A file that differs between two trees. */
export interface TreeChange {
  readonly path: BytePath;
  readonly kind: "added" | "removed" | "changed";
}

/** What changes from one tree to another; `paths` are files or folders. */
export async function treeChanges(
  git: Git,
  from: string,
  to: string,
  paths: readonly BytePath[],
  options: RequestOptions = {},
): Promise<TreeChange[]> {
  const args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to, "--", ...paths];
  const environment = { GIT_LITERAL_PATHSPECS: "1" };
  const fields = await git.items(args, { ...options, environment });
  const kinds = { A: "added", D: "removed" } as const;
  return Array.from({ length: fields.length / 2 }, (_, index) => ({
    kind: kinds[fields[2 * index] as keyof typeof kinds] ?? "changed",
    path: fields[2 * index + 1] as string,
  }));
}
