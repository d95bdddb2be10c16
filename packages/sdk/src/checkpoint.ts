import { type RequestOptions, TrunksError } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import type { Commit } from "./commit.ts";
import { checkPage, type PageOptions } from "./list-answer.ts";
import { type LogOptions, log } from "./log.ts";
import { addCommit, type CommitOptions, commitStaged, makeCommit } from "./new-commit.ts";
import { parsePath } from "./path.ts";
import { publishMoves } from "./publish.ts";
import { push } from "./push.ts";
import { isReachable } from "./reachable.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";
import { isFolder, StagedTree } from "./staged-tree.ts";

/** A version of a branch that one can go back to: a commit, in the shape that the command line prints. */
export interface Checkpoint extends Omit<Commit, "object"> {
  readonly object: "checkpoint";
  /** Without `refs/heads/`; `null` when it is on none. */
  readonly branch: string | null;
  /** Whether the trunk is known to have it. */
  readonly pushed: boolean;
}

/** What `checkpoint` did. */
export interface CheckpointAnswer extends Checkpoint {
  /** False: nothing had changed since the commit that was there already. */
  readonly created: boolean;
}

/** A page of checkpoints. To count all of them would take reading all of them, so their number is told at the end only. */
export interface CheckpointPage {
  readonly object: "list";
  /** The checkpoints of this page. */
  readonly data: readonly Checkpoint[];
  /** How many were asked for. */
  readonly limit: number;
  /** How many were left out at the beginning. */
  readonly offset: number;
  /** `null` while there are more. */
  readonly total_count: number | null;
  /** Whether more follow this page. */
  readonly has_more: boolean;
}

/** What a checkpoint says, and whether it is published. */
export interface CheckpointOptions extends CommitOptions {
  /** Whether the trunk gets it at once. Default true: what is not in the trunk lives as long as this object. */
  readonly push?: boolean;
}

/** Which version is gone back to, and with what. */
export interface RollbackOptions extends RequestOptions {
  /** A branch, a tag, a commit, `refs/trunks/saved/…`. */
  readonly to: string;
  /** Files and folders. Default: all. */
  readonly paths?: readonly string[];
  /** Default: which version it went back to. */
  readonly message?: string;
  /** Whether the trunk gets it at once. Default true. */
  readonly push?: boolean;
}

/** What a rollback did, in the shape that the command line prints. */
export interface Rollback {
  readonly object: "rollback";
  /** The commit whose files are here now. */
  readonly to: ObjectId;
  /** The files and folders that went back; empty for all. */
  readonly paths: readonly string[];
  /** The commit that says so; `null` when the last one said it already. */
  readonly checkpoint: Checkpoint | null;
  /** The ref of what was not committed or not pushed; `null` when there was nothing. */
  readonly saved_ref: string | null;
}

/** Refs of what was there before something else was put in its place. */
const savedPrefix = "refs/trunks/saved/";

/** Commits what is staged, if something is, and publishes it unless that is not wanted. */
export async function checkpoint(session: Session, options: CheckpointOptions): Promise<CheckpointAnswer> {
  const { tip } = session;
  const created = session.hasStaged() || options.allowEmpty === true;
  if (!created && tip === undefined) {
    throw new TrunksError("INVALID_ARGUMENT", "there is nothing to make a checkpoint of");
  }
  const commit = created
    ? await commitStaged(session, options)
    : await session.history.commit(tip as ObjectId, { signal: options.signal });
  if (options.push !== false) await push(session, { signal: options.signal });
  return { ...checkpointOf(session, commit), created };
}

/**
 * Makes the files, or some of them, what they were in a version, and a commit of that on top: nothing leaves the history. Costs
 * what differs, not what there is. What is staged or committed and not in the trunk is first put under a ref of its own there;
 * with paths, other staged files stay staged. Throws `NOT_FOUND` for a version or a path that there is not.
 */
export async function rollBack(session: Session, options: RollbackOptions): Promise<Rollback> {
  const { paths = [], signal } = options;
  const { tip } = session;
  if (tip === undefined) throw new TrunksError("NOT_FOUND", `there is no commit on ${session.branch} yet`);
  const to = await resolveCommit(session, options.to, { signal });
  // The trees of what no ref leads to may be cleaned away under the new commit.
  if (!session.objects.new.isNew(to) && !(await isReachable(session, to, { signal }))) {
    throw new TrunksError("NOT_FOUND", `nothing in the trunk leads to ${to} any more`);
  }
  const { tree: goal } = await session.history.commit(to, { signal });
  const goals = await goalsOf(session, goal, paths, { signal });
  const saved = await save(session, to, { signal });
  const message =
    options.message ?? `Rollback to ${to.slice(0, 12)}${paths.length === 0 ? "" : `: ${paths.join(", ")}`}`;
  let made: Commit | undefined;
  if (goals.committed !== session.tree) {
    const { author, committer } = session;
    const parts = { tree: goals.committed, parents: [tip], author, committer, message: `${message}\n` };
    made = await addCommit(session, parts);
  }
  session.staged = goals.staged;
  if (paths.length === 0) session.objects.new.dropStaged();
  if (made !== undefined && options.push !== false) await push(session, { signal });
  const answer = made === undefined ? null : checkpointOf(session, made);
  return { object: "rollback", to, paths, checkpoint: answer, saved_ref: saved ?? null };
}

/** The newest first, as `log` has them. */
export async function history(session: Session, options: LogOptions): Promise<CheckpointPage> {
  checkPage(options);
  const page = await log(session, options);
  const { ref } = options;
  const branch = ref === undefined ? session.branch : session.state.refs.has(`refs/heads/${ref}`) ? ref : null;
  return { ...page, data: page.data.map((commit) => ({ ...checkpointOf(session, commit), branch })) };
}

/** Which checkpoints, and which page of them. */
export type HistoryOptions = LogOptions & PageOptions;

export function checkpointOf({ branch, objects }: Session, commit: Commit): Checkpoint {
  return { ...commit, object: "checkpoint", branch, pushed: !objects.new.isNew(commit.id) };
}

interface Goals {
  readonly committed: ObjectId;
  readonly staged: StagedTree;
}

/** What is committed in the end, and what is staged on top of it. */
async function goalsOf(
  session: Session,
  goal: ObjectId,
  paths: readonly string[],
  options: RequestOptions,
): Promise<Goals> {
  const { objects, format } = session;
  if (paths.length === 0) return { committed: goal, staged: new StagedTree(objects, format, goal) };
  const source = new StagedTree(objects, format, goal);
  const committed = new StagedTree(objects, format, session.tree);
  const staged = session.staged.copy();
  for (const path of paths) {
    const names = parsePath(path);
    const item = await source.find(names, options);
    const isThere = item ?? (await committed.find(names, options)) ?? (await staged.find(names, options));
    if (isThere === undefined) throw new TrunksError("NOT_FOUND", `there is no ${path}, neither here nor there`);
    for (const tree of [committed, staged]) {
      if (item === undefined) await tree.remove(names, options);
      else await tree.put(names, isFolder(item) ? source.copyOf(item) : item, options);
    }
  }
  return { committed: committed.write(), staged };
}

/** Puts what only this session has under a ref of the trunk; `undefined` when there is nothing. */
async function save(session: Session, to: ObjectId, options: RequestOptions): Promise<string | undefined> {
  const { tip, base, branch, author, committer } = session;
  const isStaged = session.hasStaged();
  if (!isStaged && tip === base) return undefined;
  const message = `Work on ${branch} before a rollback to ${to.slice(0, 12)}\n`;
  const tree = session.staged.write();
  const parents = tip === undefined ? [] : [tip];
  const id = isStaged ? makeCommit(session, { tree, parents, author, committer, message }) : (tip as ObjectId);
  const time = new Date().toISOString().replace(/[-:]/g, "");
  const ref = `${savedPrefix}${time}-${id.slice(0, 8)}`;
  const known = session.state.refs.get(ref)?.id;
  if (known !== id) await publishMoves(session, [{ ref, oldId: undefined, newId: id }], options);
  return ref;
}
