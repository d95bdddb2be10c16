import { type RequestOptions, TrunksError } from "@trunks/core";
import { Branches } from "./branches.ts";
import { findClone } from "./clone.ts";
import { type Mount, type MountOptions, mount } from "./mount.ts";
import { type OpenUrlOptions, openUrl } from "./open.ts";
import type { Session } from "./session.ts";
import { Tags } from "./tags.ts";
import { Trunk } from "./trunk.ts";

/** Where the clone is, and how its trunk is worked on. */
export interface TrunksOptions extends Omit<OpenUrlOptions, "signal" | "branch"> {
  /** A folder in a clone: its remote says which trunk is meant, its settings which storages there are. Default: the current one. */
  readonly cwd?: string;
  /** The trunk that is meant, in place of the remote's; the clone's storages count all the same. */
  readonly url?: string;
}

/**
 * The trunk of a clone, found as the command line finds it, and without git. Each call of its resources first reads what others
 * have pushed; the clone's own files, branches and commits are neither read nor changed.
 */
export class Trunks implements AsyncDisposable {
  readonly branches: Branches;
  readonly tags: Tags;
  readonly #options: TrunksOptions;
  #opening: Promise<Session> | undefined;

  /** Does nothing but keep its arguments. */
  constructor(options: TrunksOptions = {}) {
    this.#options = options;
    const newest = (request: RequestOptions) => this.#newest(request);
    this.branches = new Branches(newest);
    this.tags = new Tags(newest);
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
    const { cwd = ".", settings: given, installations } = this.#options;
    const settings = given ?? (await findClone(cwd))?.settings;
    const backend = options.backend ?? settings?.storages[settings.defaultStorage ?? "primary"];
    return mount({ installations, ...options, backend });
  }

  /** Frees connections. What was opened by `open` is closed on its own. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    await (await opening?.catch(() => undefined))?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The trunk as it is now. */
  async #newest({ signal }: RequestOptions): Promise<Session> {
    if (this.#opening === undefined) {
      this.#opening = this.#find().then(({ url, options }) => openUrl(url, options));
      this.#opening.catch(() => {
        this.#opening = undefined; // Another call may have more luck.
      });
      return this.#opening;
    }
    const session = await this.#opening;
    await session.lock.run(signal, async () => {
      await session.fetch({ signal });
      const { remoteTip } = session;
      if (remoteTip !== session.tip) await session.moveTo(remoteTip, remoteTip, { signal });
    });
    return session;
  }

  async #find(): Promise<{ readonly url: string; readonly options: OpenUrlOptions }> {
    const { cwd = ".", url: wanted, ...options } = this.#options;
    const clone = await findClone(cwd);
    const url = wanted ?? clone?.url;
    if (url !== undefined) return { url, options: { settings: clone?.settings, ...options } };
    const what =
      clone === undefined ? `${cwd} is in no git repository` : `no remote of the repository at ${cwd} is a trunk`;
    throw new TrunksError("NOT_FOUND", what, { hint: "run `trunks init` there, or say `{ url }`" });
  }
}
