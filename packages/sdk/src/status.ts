import type { RequestOptions } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import { type Change, changesBetween, shownChange } from "./changes.ts";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { parseFolderPath } from "./path.ts";
import { stagedChanges } from "./replay.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";

/** What is here and not in the trunk, and the other way round. */
export interface Status {
  readonly object: "status";
  /** The branch that is worked on, without `refs/heads/`. */
  readonly branch: string;
  /** The last commit here; `null` on a branch without one. */
  readonly commit: ObjectId | null;
  /** What the trunk's branch is, as it was read last; `null` when it has none. */
  readonly trunk_id: ObjectId | null;
  /** Commits that are not pushed. */
  readonly ahead: number;
  /** Commits that the trunk's branch has and this one has not, as it was read last. */
  readonly behind: number;
  /** What is staged. */
  readonly changes: readonly Change[];
}

/** What is here and not in the trunk, as it was read last: asks the store for no news. */
export async function status(session: Session, options: RequestOptions): Promise<Status> {
  const { branch, tip, remoteTip } = session;
  return {
    object: "status",
    branch,
    commit: tip ?? null,
    trunk_id: remoteTip ?? null,
    ahead: await count(session, tip, remoteTip, options),
    behind: await count(session, remoteTip, tip, options),
    changes: (await stagedChanges(session, options)).map(shownChange),
  };
}

async function count(
  { history }: Session,
  from: ObjectId | undefined,
  without: ObjectId | undefined,
  options: RequestOptions,
): Promise<number> {
  if (from === undefined || from === without) return 0;
  let number = 0;
  for await (const _ of history.walk([from], without === undefined ? [] : [without], options)) number++;
  return number;
}

/** Which versions are held against each other, and which page of the answer. */
export interface DiffOptions extends RequestOptions, PageOptions {
  /** The older version. Default: the last commit here. */
  readonly from?: string;
  /** The younger one. Default: what is staged. */
  readonly to?: string;
  /** Only this file, or what is in this folder. */
  readonly path?: string;
}

/** What differs between two versions, by path. */
export async function diff(session: Session, options: DiffOptions): Promise<ListAnswer<Change>> {
  const { from, to, path, signal } = options;
  const treeOf = async (ref: string) => {
    const id = await resolveCommit(session, ref, { signal });
    return (await session.history.commit(id, { signal })).tree;
  };
  const before = from === undefined ? session.tree : await treeOf(from);
  const after = to === undefined ? session.staged.write() : await treeOf(to);
  const changes = await changesBetween(session.objects, session.format, before, after, { signal });
  const top = path === undefined ? "" : parseFolderPath(path).join("/");
  const wanted = changes.filter((change) => top === "" || change.path === top || change.path.startsWith(`${top}/`));
  return listPage(wanted.map(shownChange), options);
}
