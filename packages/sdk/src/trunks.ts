import { type RequestOptions, TrunksError } from "@trunks/core";
import type { Repository } from "@trunks/repo/client";
import { Branches } from "./branches.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Clone, findClone } from "./clone.ts";
import { Commits } from "./commits.ts";
import { type Mount, type MountOptions, mount } from "./mount.ts";
import { type OpenUrlOptions, openRefs, openUrlRefs, sessionOptions, standOn } from "./open.ts";
import { openRepoStore } from "./repo-store.ts";
import { type RepoStore, Repos } from "./repos.ts";
import { Session } from "./session.ts";
import { Storages } from "./storages.ts";
import { Tags } from "./tags.ts";
import { Trunk } from "./trunk.ts";

/** Where the clone is, and how its trunk is worked on. */
export interface TrunksOptions extends Omit<OpenUrlOptions, "signal" | "branch"> {
  /** A folder in a clone: its remote says which trunk is meant, its settings which storages there are. Default: the current one. */
  readonly cwd?: string;
  /** The trunk that is meant, in place of the remote's; the clone's storages count all the same. */
  readonly url?: string;
  /** Where `repos` are: a storage's name, or a store's URL. Default: the store that the trunk is in, else the default storage. */
  readonly storage?: string;
  /** The trunk, opened already: it is neither looked for nor opened then, and closed with this object. */
  readonly repository?: Repository;
}

/**
 * The trunk of a clone, found as the command line finds it, and without git. Each call of its resources first reads what others
 * have pushed; the clone's own files, branches and commits are neither read nor changed.
 */
export class Trunks implements AsyncDisposable {
  /** The repositories of the store. */
  readonly repos: Repos;
  /** The trunk's branches. */
  readonly branches: Branches;
  /** The trunk's tags. */
  readonly tags: Tags;
  /** The trunk's commits. */
  readonly commits: Commits;
  /** The checkpoints of the trunk's branches. */
  readonly checkpoints: Checkpoints;
  /** The storages of the clone's settings. */
  readonly storages: Storages;
  readonly #options: TrunksOptions;
  #opening: Promise<Session> | undefined;
  #store: Promise<RepoStore> | undefined;

  /** Does nothing but keep its arguments. */
  constructor(options: TrunksOptions = {}) {
    this.#options = options;
    const newest = (request: RequestOptions) => this.#newest(request);
    this.branches = new Branches(newest);
    this.tags = new Tags(newest);
    this.commits = new Commits(newest);
    this.checkpoints = new Checkpoints(newest, (branch, request, work) => this.#onBranch(branch, request, work));
    this.repos = new Repos(() => this.#repoStore());
    this.storages = new Storages(() => this.#clone(), options);
  }

  /** Opens the trunk, for its files and versions. Throws as `Trunk.open` does, and `NOT_FOUND` where there is no clone of one. */
  async open(options: Pick<OpenUrlOptions, "branch" | "signal"> = {}): Promise<Trunk> {
    const found = await this.#find();
    return Trunk.open(found.url, { ...found.options, ...options });
  }

  /**
   * Makes a trunk a normal folder with normal git in it, made now or later gone on with: see `MountOptions`. Needs git and the
   * package `@trunks/mount`; throws `CONFIG_INVALID` without. A store that is not named is this clone's default storage.
   */
  async mount(options: MountOptions): Promise<Mount> {
    const { settings: given, installations } = this.#options;
    const settings = given ?? (await this.#clone())?.settings;
    const backend = options.backend ?? settings?.storages[settings.defaultStorage ?? "primary"];
    return mount({ installations, ...options, backend });
  }

  /** Frees connections. What was opened by `open` is closed on its own. */
  async close(): Promise<void> {
    const [opening, store] = [this.#opening, this.#store];
    this.#opening = undefined;
    this.#store = undefined;
    await (await opening?.catch(() => undefined))?.close();
    await (await store?.catch(() => undefined))?.backend.close();
  }

  /** As `close`: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The trunk as it is now. */
  async #newest({ signal }: RequestOptions): Promise<Session> {
    if (this.#opening === undefined) {
      this.#opening = this.#open();
      this.#opening.catch(() => {
        this.#opening = undefined; // Another call may have more luck.
      });
      return this.#opening;
    }
    const session = await this.#opening;
    await session.lock.run(signal, () => session.fetch({ signal }));
    return session;
  }

  async #open(): Promise<Session> {
    const { repository } = this.#options;
    if (repository !== undefined) return openRefs(repository, this.#options);
    const { url, options } = await this.#find();
    return openUrlRefs(url, options);
  }

  /** Works on a branch as it is now, and keeps nothing of that but what was published. */
  async #onBranch<Answer>(
    branch: string | undefined,
    request: RequestOptions,
    work: (session: Session) => Promise<Answer>,
  ): Promise<Answer> {
    const own = await this.#newest(request);
    return own.lock.run(request.signal, async () => {
      const session = new Session(own.repository, own.state, { ...sessionOptions(this.#options), branch });
      try {
        await standOn(session, branch, request);
        return await work(session);
      } finally {
        const { background } = session;
        own.background = own.background.then(() => background);
        await session.objects.close();
      }
    });
  }

  #repoStore(): Promise<RepoStore> {
    if (this.#store === undefined) {
      const { url, storage, installations, backends, environment } = this.#options;
      const told = sessionOptions(this.#options);
      const where = { url, storage, installations, backends, environment, session: told };
      this.#store = this.#clone().then((clone) => openRepoStore(clone, where));
      this.#store.catch(() => {
        this.#store = undefined;
      });
    }
    return this.#store;
  }

  #clone(): Promise<Clone | undefined> {
    return findClone(this.#options.cwd ?? ".");
  }

  async #find(): Promise<{ readonly url: string; readonly options: OpenUrlOptions }> {
    const { cwd = ".", url: wanted, ...options } = this.#options;
    const clone = await this.#clone();
    const url = wanted ?? clone?.url;
    if (url !== undefined) return { url, options: { settings: clone?.settings, ...options } };
    const what =
      clone === undefined ? `${cwd} is in no git repository` : `no remote of the repository at ${cwd} is a trunk`;
    throw new TrunksError("NOT_FOUND", what, { hint: "run `trunks init` there, or say `{ url }`" });
  }
}
