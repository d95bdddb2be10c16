import type { RequestOptions } from "@trunks/core";
import { IdSet } from "../pack/id-set.ts";
import type { ObjectId } from "../pack/object-format.ts";
import { CommitQueue } from "./commit-queue.ts";
import { fresh } from "./history-cut.ts";
import type { CommitNode, HistoryGraph } from "./history-graph.ts";

/** Clocks of committers are wrong by as much, mostly, in seconds. */
const clockSlackSeconds = 86_400;

export interface CommitQuestion {
  /** Commits from which everything is wanted. */
  readonly starts: readonly ObjectId[];
  /** Nothing behind these is wanted. */
  readonly ends: ReadonlySet<ObjectId>;
  /** Commits that the reader has, with everything behind them up to its own ends. */
  readonly haves: readonly ObjectId[];
  /** Commits whose parents the reader lacks. */
  readonly ownEnds: ReadonlySet<ObjectId>;
}

export interface CommitSelection {
  /** What the reader lacks, and the trees of those. */
  readonly commitIds: IdSet;
  readonly treeIds: IdSet;
  /** Commits that the reader has, next to those that it lacks. */
  readonly edge: readonly CommitNode[];
  /** What was met of the commits that the reader has. */
  readonly present: ReadonlySet<ObjectId>;
}

/** The commits that a reader lacks. It may get some that it has, where committers' clocks are wrong; it lacks none. */
export async function selectCommits(
  graph: HistoryGraph,
  question: CommitQuestion,
  options: RequestOptions,
): Promise<CommitSelection> {
  await graph.load([...question.starts, ...question.haves], options);
  return question.haves.length === 0 ? everything(graph, question, options) : difference(graph, question, options);
}

/** Of a commit that was walked over, nothing is kept but its id and that of its tree. */
async function everything(
  graph: HistoryGraph,
  { starts, ends }: CommitQuestion,
  options: RequestOptions,
): Promise<CommitSelection> {
  const commitIds = new IdSet(graph.format);
  const treeIds = new IdSet(graph.format);
  const seen = new IdSet(graph.format);
  for (let level = starts.filter((id) => seen.add(id)); level.length > 0; ) {
    await graph.load(level, options);
    const parents: ObjectId[] = [];
    for (const commit of level.flatMap((id) => graph.get(id) ?? [])) {
      commitIds.add(commit.id);
      treeIds.add(commit.tree);
      if (!ends.has(commit.id)) parents.push(...commit.parents);
    }
    graph.forget(level);
    level = parents.filter((id) => seen.add(id));
  }
  return { commitIds, treeIds, edge: [], present: new Set() };
}

/** Walks both sides from young to old until what is wanted is all met by what is there. */
async function difference(
  graph: HistoryGraph,
  { starts, ends, haves, ownEnds }: CommitQuestion,
  options: RequestOptions,
): Promise<CommitSelection> {
  const wanted = new Set<ObjectId>();
  const present = new Set<ObjectId>();
  const queue = new CommitQueue();
  /** In the queue, wanted, and not known to be present. */
  const open = new Set<ObjectId>();
  const visit = (ids: readonly ObjectId[], side: Set<ObjectId>) => {
    for (const id of ids) {
      const commit = graph.get(id);
      if (commit === undefined || side.has(id)) continue;
      side.add(id);
      queue.add(commit);
      if (side === present) open.delete(id);
      else if (!present.has(id)) open.add(id);
    }
  };
  visit(haves, present);
  visit(starts, wanted);
  while (open.size > 0) {
    const { id, parents } = queue.take() as CommitNode;
    open.delete(id);
    await graph.load(parents, options);
    if (present.has(id)) {
      if (!ownEnds.has(id)) visit(parents, present);
    } else if (!ends.has(id)) visit(parents, wanted);
  }
  const commits = [...wanted].filter((id) => !present.has(id)).map((id) => graph.get(id) as CommitNode);
  const edge = new Set(commits.flatMap(({ parents }) => parents).filter((id) => present.has(id)));
  return {
    commitIds: new IdSet(
      graph.format,
      commits.map(({ id }) => id),
    ),
    treeIds: new IdSet(
      graph.format,
      commits.map(({ tree }) => tree),
    ),
    edge: [...edge].map((id) => graph.get(id) as CommitNode),
    present,
  };
}

/** Whether each start reaches something that the reader has, so that there is no use in asking for more. */
export async function meetsHaves(
  graph: HistoryGraph,
  starts: readonly ObjectId[],
  haves: readonly ObjectId[],
  options: RequestOptions,
): Promise<boolean> {
  const known = new Set(haves);
  await graph.load(haves, options);
  const oldest = Math.min(...haves.map((id) => graph.get(id)?.timeSeconds ?? 0)) - clockSlackSeconds;
  for (const start of starts) if (!(await meets(graph, start, known, oldest, options))) return false;
  return haves.length > 0;
}

async function meets(
  graph: HistoryGraph,
  start: ObjectId,
  known: ReadonlySet<ObjectId>,
  oldest: number,
  options: RequestOptions,
): Promise<boolean> {
  const seen = new Set<ObjectId>([start]);
  for (let level: readonly ObjectId[] = [start]; level.length > 0; ) {
    if (level.some((id) => known.has(id))) return true;
    await graph.load(level, options);
    const young = level.flatMap((id) => graph.get(id) ?? []).filter((commit) => commit.timeSeconds >= oldest);
    level = fresh(
      young.flatMap(({ parents }) => parents),
      seen,
    );
  }
  return false;
}
