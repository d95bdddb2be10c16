import type { RequestOptions } from "@trunks/core";
import type { ObjectFormat, ObjectId } from "@trunks/repo/client";
import { type Commit, commitSeconds, decodeCommit } from "./commit.ts";
import type { Objects } from "./objects.ts";

/** So many commits are kept. */
const keptCommits = 4096;

/** Commits and how they follow one another. */
export class History {
  readonly #objects: Objects;
  readonly #format: ObjectFormat;
  readonly #kept = new Map<ObjectId, Commit>();

  constructor(objects: Objects, format: ObjectFormat) {
    this.#objects = objects;
    this.#format = format;
  }

  async commit(id: ObjectId, options: RequestOptions): Promise<Commit> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    const commit = decodeCommit(this.#format, id, await this.#objects.read(id, "commit", options));
    if (this.#kept.size >= keptCommits) this.#kept.clear();
    this.#kept.set(id, commit);
    return commit;
  }

  /** Commits that `from` reach and `without` do not, the newest first as `git log` has them. */
  async *walk(
    from: readonly ObjectId[],
    without: readonly ObjectId[],
    options: RequestOptions,
  ): AsyncGenerator<Commit> {
    const hidden = await this.#hidden(from, without, options);
    const queue = new CommitQueue();
    const seen = new Set<ObjectId>();
    const push = async (id: ObjectId) => {
      if (seen.has(id) || hidden.has(id)) return;
      seen.add(id);
      queue.push(await this.commit(id, options));
    };
    for (const id of from) await push(id);
    for (let commit = queue.pop(); commit !== undefined; commit = queue.pop()) {
      yield commit;
      for (const parent of commit.parents) await push(parent);
    }
  }

  /** Whether `ancestor` is `id` or one of those before it. */
  async isAncestor(ancestor: ObjectId, id: ObjectId, options: RequestOptions): Promise<boolean> {
    if (ancestor === id) return true;
    return (await this.mergeBase(ancestor, id, options)) === ancestor;
  }

  /**
   * The newest commit that both reach, or `undefined` when nothing joins them. Where several are as good (two branches were
   * merged into each other), the one committed last.
   */
  async mergeBase(left: ObjectId, right: ObjectId, options: RequestOptions): Promise<ObjectId | undefined> {
    const marks = new Map<ObjectId, number>();
    const queue = new CommitQueue();
    const bases: Commit[] = [];
    const mark = async (id: ObjectId, flags: number) => {
      const before = marks.get(id) ?? 0;
      if ((before | flags) === before) return;
      marks.set(id, before | flags);
      queue.push(await this.commit(id, options));
    };
    await mark(left, leftFlag);
    await mark(right, rightFlag);
    // What is left in the queue when all of it is behind a base cannot bring a better one.
    while (queue.some(({ id }) => ((marks.get(id) as number) & staleFlag) === 0)) {
      const commit = queue.pop() as Commit;
      const flags = marks.get(commit.id) as number;
      const isBase = flags === (leftFlag | rightFlag);
      if (isBase && !bases.includes(commit)) bases.push(commit);
      for (const parent of commit.parents) await mark(parent, isBase ? flags | staleFlag : flags);
    }
    return bases.find(({ id }) => ((marks.get(id) as number) & staleFlag) === 0)?.id;
  }

  async #hidden(
    from: readonly ObjectId[],
    without: readonly ObjectId[],
    options: RequestOptions,
  ): Promise<Set<ObjectId>> {
    const hidden = new Set<ObjectId>();
    if (without.length === 0) return hidden;
    const wanted = new Set<ObjectId>();
    const queue = new CommitQueue();
    const push = async (id: ObjectId, into: Set<ObjectId>) => {
      if (into.has(id)) return;
      into.add(id);
      queue.push(await this.commit(id, options));
    };
    for (const id of from) await push(id, wanted);
    for (const id of without) await push(id, hidden);
    // Until everything that waits is hidden: from there on nothing wanted can come.
    while (queue.some(({ id }) => !hidden.has(id))) {
      const commit = queue.pop() as Commit;
      const into = hidden.has(commit.id) ? hidden : wanted;
      for (const parent of commit.parents) await push(parent, into);
    }
    return hidden;
  }
}

const leftFlag = 1;
const rightFlag = 2;
const staleFlag = 4;

/** Commits by the time at which they were committed, the newest first. */
class CommitQueue {
  readonly #commits: Commit[] = [];

  push(commit: Commit): void {
    const seconds = commitSeconds(commit);
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (commitSeconds(this.#commits[middle] as Commit) < seconds) low = middle + 1;
      else high = middle;
    }
    this.#commits.splice(low, 0, commit);
  }

  /** The newest. */
  pop(): Commit | undefined {
    return this.#commits.pop();
  }

  some(matches: (commit: Commit) => boolean): boolean {
    return this.#commits.some(matches);
  }
}
