import type { RequestOptions } from "@trunks/core";
import {
  type ObjectFormat,
  type ObjectId,
  type Repository,
  type SegmentsAhead,
  type State,
  usualChunkThreshold,
} from "@trunks/repo/client";
import { History } from "./history.ts";
import type { Identity } from "./identity.ts";
import { Lock } from "./lock.ts";
import { Objects } from "./objects.ts";
import { StagedTree } from "./staged-tree.ts";

export const branchPrefix = "refs/heads/";

/** The session that a resource works with, when it is asked. */
export type OpenSession = (options: RequestOptions) => Promise<Session>;

export interface SessionOptions {
  /** Without `refs/heads/`. Default: the branch that the trunk's HEAD names. */
  readonly branch?: string;
  /** Whether one works on the branch. Default true; else only the trunk's own refs count, and nothing is ever staged. */
  readonly standing?: boolean;
  readonly author: Identity;
  readonly committer: Identity;
  /** So many bytes of new contents are held in memory; what goes beyond is put into a temporary file. */
  readonly memorySizeBytes: number;
  /** Files of this size and above are pushed in chunks. Default 8 MiB. */
  readonly chunkThresholdBytes?: number;
  /** Whether a push looks after the trunk behind its answer, when that is due. Default `after-push`. */
  readonly maintenance?: "after-push" | "never";
  /** Is told what a user should know and no failure says. */
  readonly warn: (message: string) => void;
  /** What was read of the trunk's segments before its state was known. */
  readonly ahead?: SegmentsAhead;
}

/** What a program that works on a trunk holds: a branch, the commits that it made there, and what it has staged. */
export class Session {
  readonly repository: Repository;
  readonly format: ObjectFormat;
  readonly objects: Objects;
  readonly history: History;
  readonly author: Identity;
  readonly committer: Identity;
  readonly chunkThresholdBytes: number;
  readonly maintenance: "after-push" | "never";
  readonly warn: (message: string) => void;
  readonly standing: boolean;
  readonly lock = new Lock();
  /** The trunk as it was read last. */
  state: State;
  /** Without `refs/heads/`. */
  branch: string;
  /** The last commit here; `undefined` on a branch that has none. */
  tip: ObjectId | undefined;
  /** What the trunk's branch was when the commits were made that are not pushed yet. */
  base: ObjectId | undefined;
  /** The commit of a push that may have reached the trunk or not. */
  unsettled: ObjectId | undefined;
  /** The tree of `tip`. */
  tree: ObjectId | undefined;
  staged: StagedTree;
  /** Whether commits are to be pushed that others made of objects, which nobody has walked. */
  unproved = false;
  /** What goes on behind an answer; awaited before the end. */
  background: Promise<unknown> = Promise.resolve();

  constructor(repository: Repository, state: State, options: SessionOptions) {
    this.repository = repository;
    this.state = state;
    this.standing = options.standing ?? true;
    this.format = state.objects;
    this.author = options.author;
    this.committer = options.committer;
    this.maintenance = options.maintenance ?? "after-push";
    this.warn = options.warn;
    this.chunkThresholdBytes = options.chunkThresholdBytes ?? usualChunkThreshold;
    this.branch = options.branch ?? state.head.slice(branchPrefix.length);
    this.objects = new Objects(repository, state, options.memorySizeBytes, options.ahead);
    this.history = new History(this.objects, this.format);
    this.staged = new StagedTree(this.objects, this.format, undefined);
    this.#followTrunk();
  }

  /** The full name of the branch. */
  get ref(): string {
    return branchPrefix + this.branch;
  }

  /** What the trunk's branch is, as it was read last. */
  get remoteTip(): ObjectId | undefined {
    return this.state.refs.get(this.ref)?.id;
  }

  /** Takes a state that was read or written. */
  useState(state: State): void {
    this.state = state;
    this.objects.use(state);
    this.#followTrunk();
  }

  /** Reads the newest state. */
  async fetch(options: RequestOptions): Promise<void> {
    this.useState(await this.repository.readExisting(options));
  }

  /** Stands on a commit, with nothing staged; `base` is the trunk's value below it. */
  async moveTo(tip: ObjectId | undefined, base: ObjectId | undefined, options: RequestOptions): Promise<void> {
    const tree = tip === undefined ? undefined : (await this.history.commit(tip, options)).tree;
    this.tip = tip;
    this.base = base;
    this.tree = tree;
    this.staged = new StagedTree(this.objects, this.format, tree);
  }

  /** Whether something is staged that the tip does not have. */
  hasStaged(): boolean {
    const written = this.staged.write();
    return this.tree === undefined ? this.staged.holdsFiles() : written !== this.tree;
  }

  /** Whoever stands on no branch has no commit of his own: the last one is the trunk's. */
  #followTrunk(): void {
    if (!this.standing) this.tip = this.base = this.remoteTip;
  }

  async close(): Promise<void> {
    await this.background.catch(() => {});
    await this.objects.close();
    await this.repository.close();
  }
}
