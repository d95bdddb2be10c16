import type { RequestOptions } from "@trunks/core";
import type { ObjectId } from "../pack/object-format.ts";
import type { CommitNode, HistoryGraph } from "./history-graph.ts";

/** Where a shallow history ends. */
export interface HistoryCut {
  /** The last commits that belong to it; their parents do not. */
  readonly boundary: ReadonlySet<ObjectId>;
  /** Commits whose parents belong to it as well. */
  readonly inner: ReadonlySet<ObjectId>;
}

/** How far history shall reach. `relative`: so many generations beyond where the reader's own ends. */
export type HistoryDepth =
  | { readonly kind: "depth" | "relative"; readonly generations: number }
  | { readonly kind: "since"; readonly timeSeconds: number };

/**
 * Cuts the history of the `heads`, as Git's server does; `ownEnds` are the commits at which the reader's own is cut.
 * Source: shallow.c and upload-pack.c in Git.
 */
export async function cutHistory(
  graph: HistoryGraph,
  heads: readonly ObjectId[],
  ownEnds: readonly ObjectId[],
  depth: HistoryDepth,
  options: RequestOptions,
): Promise<HistoryCut> {
  if (depth.kind === "since") return cutByTime(graph, heads, depth.timeSeconds, options);
  if (depth.kind === "depth") return cutByGenerations(graph, heads, depth.generations, options);
  // All of them go on, whichever heads are asked for.
  return cutByGenerations(graph, ownEnds, depth.generations + 1, options);
}

async function cutByGenerations(
  graph: HistoryGraph,
  heads: readonly ObjectId[],
  generations: number,
  options: RequestOptions,
): Promise<HistoryCut> {
  const seen = new Set<ObjectId>(heads);
  const inner = new Set<ObjectId>();
  let level: readonly ObjectId[] = [...seen];
  for (let generation = 1; generation < generations && level.length > 0; generation++) {
    await graph.load(level, options);
    for (const id of level) inner.add(id);
    const parents = level.flatMap((id) => graph.get(id)?.parents ?? []);
    level = fresh(parents, seen);
  }
  return { boundary: new Set(level), inner };
}

async function cutByTime(
  graph: HistoryGraph,
  heads: readonly ObjectId[],
  timeSeconds: number,
  options: RequestOptions,
): Promise<HistoryCut> {
  const seen = new Set<ObjectId>(heads);
  const young: CommitNode[] = [];
  for (let level: readonly ObjectId[] = [...seen]; level.length > 0; ) {
    await graph.load(level, options);
    const found = level.flatMap((id) => graph.get(id) ?? []).filter((commit) => commit.timeSeconds >= timeSeconds);
    young.push(...found);
    level = fresh(
      found.flatMap(({ parents }) => parents),
      seen,
    );
  }
  const ids = new Set(young.map(({ id }) => id));
  const boundary = new Set(young.filter(({ parents }) => parents.some((id) => !ids.has(id))).map(({ id }) => id));
  return { boundary, inner: new Set([...ids].filter((id) => !boundary.has(id))) };
}

/** Those that were not seen before; they are from now on. */
export function fresh(ids: readonly ObjectId[], seen: Set<ObjectId>): ObjectId[] {
  return ids.filter((id) => {
    const isFresh = !seen.has(id);
    seen.add(id);
    return isFresh;
  });
}
