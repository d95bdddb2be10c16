import type { RequestOptions } from "@trunks/core";
import type { State } from "../format/state.ts";
import { parseTag } from "../pack/git-object.ts";
import { IdSet } from "../pack/id-set.ts";
import type { ObjectId } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import { meetsHaves, selectCommits } from "./commit-selection.ts";
import { cutHistory, type HistoryDepth } from "./history-cut.ts";
import { HistoryGraph } from "./history-graph.ts";
import type { ObjectFilter } from "./object-filter.ts";
import { type RootTrees, selectObjects } from "./object-selection.ts";

/** What a reader wants and has. See Git's protocol version 2, `fetch`. */
export interface FetchQuestion {
  readonly wants: readonly ObjectId[];
  readonly haves: readonly ObjectId[];
  /** Commits at which the reader's own history is cut. */
  readonly ownEnds: readonly ObjectId[];
  /** Default: as far as there is history. */
  readonly depth?: HistoryDepth;
  readonly filter: ObjectFilter;
  /** Annotated tags of what is sent come along. */
  readonly includeTags: boolean;
}

export interface FetchSelection {
  /** Commits whose parents the reader will lack and did not before, and those whose parents it gets. */
  readonly shallow: readonly ObjectId[];
  readonly unshallow: readonly ObjectId[];
  /** Everything that the reader lacks, each once. */
  readonly ids: IdSet;
  /** The commits, and the blobs, among them. */
  readonly commitIds: Iterable<ObjectId>;
  readonly blobIds: Iterable<ObjectId>;
}

/** Decides what belongs to a fetch of a part of the history, or of the objects, and reads no more of the trunk than that takes. */
export class FetchSelector {
  readonly #objects: ObjectReader;
  readonly #state: State;
  readonly #graph: HistoryGraph;

  /** Commits may be read by a reader of their own, opened when need be: they stand together, where trees are scattered. */
  constructor(objects: ObjectReader, state: State, openCommits: () => ObjectReader = () => objects) {
    this.#objects = objects;
    this.#state = state;
    this.#graph = new HistoryGraph(openCommits, state.objects);
  }

  /** Which of the haves the trunk has, and whether knowing more of them would be of no use. */
  async negotiate(
    { wants, haves }: FetchQuestion,
    options: RequestOptions = {},
  ): Promise<{ readonly common: readonly ObjectId[]; readonly enough: boolean }> {
    await this.#graph.load(haves, options);
    const common = haves.filter((id) => this.#graph.get(id) !== undefined);
    if (common.length === 0) return { common, enough: false };
    const heads = await this.#heads(wants, options);
    return { common, enough: heads !== undefined && (await meetsHaves(this.#graph, heads.commits, common, options)) };
  }

  /**
   * `undefined` when one of the wants is no commit and no tag of one, or not there, and when the depth leaves no commit at all. A
   * have that the trunk lacks does not matter.
   */
  async select(question: FetchQuestion, options: RequestOptions = {}): Promise<FetchSelection | undefined> {
    const heads = await this.#heads(question.wants, options);
    const chosen = heads && (await this.#commits(heads.commits, question, options));
    if (chosen === undefined) return undefined;
    // What follows is long, and needs no more of the history than that.
    this.#graph.forget();
    const { shallow, unshallow, commitIds, roots } = chosen;
    const { objects: format } = this.#state;
    const below = await selectObjects(this.#objects, format, roots, question.filter, options);
    const ids = new IdSet(format, heads?.tags);
    for (const some of [commitIds, below.trees, below.blobs]) for (const id of some) ids.add(id);
    if (question.includeTags) for (const id of await this.#tagsOf(ids, options)) ids.add(id);
    return { shallow, unshallow, ids, commitIds, blobIds: below.blobs };
  }

  /** What is wanted of the history, and the trees at the top of it. */
  async #commits(
    heads: readonly ObjectId[],
    { haves, depth, ...question }: FetchQuestion,
    options: RequestOptions,
  ): Promise<
    (Pick<FetchSelection, "shallow" | "unshallow" | "commitIds"> & { readonly roots: RootTrees }) | undefined
  > {
    const graph = this.#graph;
    await graph.load([...haves, ...question.ownEnds], options);
    const ownEnds = question.ownEnds.filter((id) => graph.get(id) !== undefined);
    const cut = depth && (await cutHistory(graph, heads, ownEnds, depth, options));
    if (cut?.boundary.size === 0 && cut.inner.size === 0 && depth?.kind === "since") return undefined;
    const unshallow = ownEnds.filter((id) => cut?.inner.has(id));
    const opened = unshallow.flatMap((id) => graph.get(id) ?? []);
    const { commitIds, treeIds, edge, present } = await selectCommits(
      graph,
      {
        starts: [...heads, ...opened.flatMap(({ parents }) => parents)],
        ends: new Set([...(cut?.boundary ?? []), ...ownEnds]),
        haves: haves.filter((id) => graph.get(id) !== undefined),
        ownEnds: new Set(ownEnds),
      },
      options,
    );
    const around = [...edge, ...opened.filter(({ id }) => present.has(id))];
    const own = new Set(ownEnds);
    const shallow = [...(cut?.boundary ?? [])].filter((id) => !own.has(id));
    return { shallow, unshallow, commitIds, roots: { wanted: treeIds, present: around.map(({ tree }) => tree) } };
  }

  async #heads(
    wants: readonly ObjectId[],
    options: RequestOptions,
  ): Promise<{ readonly tags: readonly ObjectId[]; readonly commits: readonly ObjectId[] } | undefined> {
    await this.#graph.load(wants, options);
    const tags: ObjectId[] = [];
    const commits = new Set<ObjectId>();
    for (const want of wants) {
      const peeled = await this.#graph.peel(want, options);
      if (peeled === undefined) return undefined;
      tags.push(...peeled.tags);
      commits.add(peeled.commit);
    }
    return { tags, commits: [...commits] };
  }

  /** The trunk's annotated tags of these objects, with those in between. */
  async #tagsOf(ids: IdSet, options: RequestOptions): Promise<ObjectId[]> {
    const tags: ObjectId[] = [];
    let level = [...this.#state.refs.values()].flatMap(({ id, peeledId }) =>
      peeledId !== undefined && ids.has(peeledId) && !ids.has(id) ? [id] : [],
    );
    while (level.length > 0) {
      const next: ObjectId[] = [];
      for await (const { id, type, data } of this.#objects.readMany(level, options)) {
        if (type !== "tag") continue;
        tags.push(id);
        const link = parseTag(this.#state.objects, data);
        if (link.type === "tag") next.push(link.object);
      }
      level = next;
    }
    return tags;
  }
}
