import type { RequestOptions } from "@trunks/core";
import type { ObjectId } from "@trunks/repo/client";
import type { Commit } from "./commit.ts";
import { checkPage, type PageOptions } from "./list-answer.ts";
import { parsePath } from "./path.ts";
import { resolveCommit } from "./revision.ts";
import type { Session } from "./session.ts";
import { StagedTree } from "./staged-tree.ts";

/** Which commits, and which page of them. */
export interface LogOptions extends RequestOptions, PageOptions {
  /** Where to begin, or a range: `v1.0..main` is what `main` has and `v1.0` has not. Default: the last commit here. */
  readonly ref?: string;
  /** Only commits that changed this file or folder. */
  readonly path?: string;
}

/** A page of a history. To count all of it would take reading all of it, so its length is told at its end only. */
export interface LogPage {
  readonly object: "list";
  /** The commits of this page. */
  readonly data: readonly Commit[];
  /** How many were asked for. */
  readonly limit: number;
  /** How many were left out at the beginning. */
  readonly offset: number;
  /** `null` while there are more. */
  readonly total_count: number | null;
  /** Whether more follow this page. */
  readonly has_more: boolean;
}

/** Commits, the newest first. Reads no further than the page's end, and one commit more. */
export async function log(session: Session, options: LogOptions): Promise<LogPage> {
  const { limit = 100, offset = 0 } = options;
  checkPage({ limit, offset });
  const data: Commit[] = [];
  let count = 0;
  let more = false;
  for await (const commit of commitsOf(session, options)) {
    if (count >= offset && data.length === limit) {
      more = true;
      break;
    }
    if (count >= offset) data.push(commit);
    count++;
  }
  return { object: "list", data, limit, offset, total_count: more ? null : count, has_more: more };
}

/** All commits that the options name, one by one. */
async function* commitsOf(session: Session, { ref, path, signal }: LogOptions): AsyncGenerator<Commit> {
  const options = { signal };
  const [start = "", end] = ref?.includes("..") ? ref.split(/\.{2,3}/) : [undefined, ref ?? "HEAD"];
  if ((end === "HEAD" || end === "") && session.tip === undefined) return;
  const from = await resolveCommit(session, end ?? "HEAD", options);
  const without = ref?.includes("..") ? [await resolveCommit(session, start, options)] : [];
  if (path === undefined) yield* session.history.walk([from], without, options);
  else yield* commitsAt(session, from, without, parsePath(path), options);
}

/**
 * Commits that changed a path. As in git, a merge that took the path from one of its parents leads on to that parent only.
 */
async function* commitsAt(
  session: Session,
  from: ObjectId,
  without: readonly ObjectId[],
  names: readonly string[],
  options: RequestOptions,
): AsyncGenerator<Commit> {
  const { history } = session;
  const followed = new Set([from]);
  for await (const commit of history.walk([from], without, options)) {
    if (!followed.has(commit.id)) continue;
    const item = await itemAt(session, commit, names, options);
    let same: ObjectId | undefined;
    for (const parent of commit.parents) {
      const before = await itemAt(session, await history.commit(parent, options), names, options);
      if (before === item) same ??= parent;
    }
    for (const parent of same === undefined ? commit.parents : [same]) followed.add(parent);
    const isChange = commit.parents.length === 0 ? item !== undefined : same === undefined;
    if (isChange) yield commit;
  }
}

/** Mode and id of what stands there. */
async function itemAt(
  { objects, format }: Session,
  { tree }: Commit,
  names: readonly string[],
  options: RequestOptions,
): Promise<string | undefined> {
  const item = await new StagedTree(objects, format, tree).find(names, options);
  return item && `${item.mode} ${item.id}`;
}
