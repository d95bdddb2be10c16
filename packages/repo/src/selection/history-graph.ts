import type { RequestOptions } from "@trunks/core";
import { parseCommit, parseTag } from "../pack/git-object.ts";
import type { ObjectFormat, ObjectId } from "../pack/object-format.ts";
import type { ObjectReader } from "../pack/object-reader.ts";
import { latin1Text } from "../platform.ts";

export interface CommitNode {
  readonly id: ObjectId;
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  /** The committer's, since 1970; 0 when there is none that can be read. */
  readonly timeSeconds: number;
}

/** Commits of a trunk, read when they are asked for and kept. */
export class HistoryGraph {
  readonly #open: () => ObjectReader;
  #reader: ObjectReader | undefined;
  readonly format: ObjectFormat;
  readonly #commits = new Map<ObjectId, CommitNode | undefined>();

  constructor(open: () => ObjectReader, format: ObjectFormat) {
    this.#open = open;
    this.format = format;
  }

  get #objects(): ObjectReader {
    this.#reader ??= this.#open();
    return this.#reader;
  }

  /** Reads those of the commits that were not read before, all at once. */
  async load(ids: Iterable<ObjectId>, options: RequestOptions): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.#commits.has(id));
    if (wanted.length === 0) return;
    for (const id of wanted) this.#commits.set(id, undefined);
    for await (const { id, type, data } of this.#objects.readMany(wanted, { ...options, skipMissing: true })) {
      if (type !== "commit") continue;
      this.#commits.set(id, { id, ...parseCommit(this.format, data), timeSeconds: committerTime(data) });
    }
  }

  /** Frees these commits, or all of them with their reader; they are read again when they are asked for again. */
  forget(ids?: Iterable<ObjectId>): void {
    for (const id of ids ?? []) this.#commits.delete(id);
    if (ids !== undefined) return;
    this.#commits.clear();
    this.#reader = undefined;
  }

  /** One that was loaded; `undefined` when it is not there, or no commit. */
  get(id: ObjectId): CommitNode | undefined {
    return this.#commits.get(id);
  }

  /** The tags on the way from `id`, and the commit at the end; `undefined` when something else is there, or nothing. */
  async peel(id: ObjectId, options: RequestOptions): Promise<{ tags: ObjectId[]; commit: ObjectId } | undefined> {
    const tags: ObjectId[] = [];
    for (let next = id; ; ) {
      await this.load([next], options);
      if (this.get(next) !== undefined) return { tags, commit: next };
      if ((await this.#objects.info(next, options))?.type !== "tag") return undefined;
      const tag = await this.#objects.read(next, options);
      if (tag === undefined) return undefined;
      tags.push(next);
      next = parseTag(this.format, tag.data).object;
    }
  }
}

/** As Git reads it: the number behind the last `>` of the line that follows the author's. */
function committerTime(data: Uint8Array): number {
  const text = latin1Text(data);
  const line = /^committer .*$/m.exec(text.slice(0, text.indexOf("\n\n") + 1 || undefined))?.[0] ?? "";
  return Number(/> *([0-9]{1,15})/.exec(line.slice(line.lastIndexOf(">")))?.[1] ?? 0);
}
