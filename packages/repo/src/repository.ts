import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { trunkFileKey } from "./format/key.ts";
import { decodeSnapshot, encodeSnapshot } from "./format/snapshot.ts";
import type { State } from "./format/state.ts";
import { encodeTrunkFile } from "./format/trunk-file.ts";
import { emptyState } from "./journal/fold.ts";
import { type Reading, readCold, readForward, readTrunkFile } from "./journal/read.ts";
import { RecentRecords } from "./journal/recent-records.ts";
import type { ReadRecord } from "./journal/slots.ts";
import { checkTip } from "./journal/tip.ts";
import type { ObjectFormat } from "./pack/object-format.ts";
import { randomId } from "./platform.ts";
import { type Publication, Publisher, type PublishOutcome } from "./transfer/publish.ts";
import { snapshotDue, writeSnapshot } from "./upkeep/snapshot.ts";

/** Where a client keeps its last known state between processes. Losing it costs a round trip, nothing else. */
export interface StateCache {
  load(): Promise<Uint8Array | undefined>;
  /** Must replace the old bytes as a whole. */
  save(bytes: Uint8Array): Promise<void>;
}

export interface RepositoryOptions {
  readonly cache?: StateCache;
  /** The clock, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Waits between tries whose outcome is unknown. Default: a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Makes names that nobody has used: 32 lower-case hexadecimal digits. Default: 128 random bits. */
  readonly newId?: () => string;
}

/** Tries to make a trunk when answers are lost. */
const maxCreations = 5;

export interface CreateOptions extends RepositoryOptions, RequestOptions {
  /** Default `sha1`. */
  readonly objects?: ObjectFormat;
}

/**
 * One trunk: a Git repository kept in a backend whose keys are relative to the trunk's folder. Long-lived: it holds the
 * last state that it read or wrote, and a later read asks only for what came after.
 */
export class Repository {
  readonly backend: Backend;
  readonly #options: RepositoryOptions;
  readonly #newId: () => string;
  #state: State | undefined;
  #saved: State | undefined;
  readonly #records = new RecentRecords();
  /** The state as of this object's last own record. */
  #published: State | undefined;

  /** Does nothing but keep its arguments: the trunk may not exist. */
  constructor(backend: Backend, options: RepositoryOptions = {}) {
    this.backend = backend;
    this.#options = options;
    this.#newId = options.newId ?? randomId;
  }

  /** The last state that was read or written, without a request; `undefined` before the first. */
  get known(): State | undefined {
    return this.#state;
  }

  /**
   * Records that were read from the store by this object, oldest first, with their inline packs: what a fetch needs
   * again. They are the records up to `known.slot` without a gap, or none. Bounded: what is not here is read again.
   */
  get records(): readonly ReadRecord[] {
    return this.#records.all;
  }

  /**
   * The newest state, or `undefined` when there is no trunk: two rounds of requests from nothing, one from a cached state
   * that is at most one record old. With `forPush` the cached state is first held against the store, in the same round, so
   * that a push cannot be added to a trunk that was rolled back.
   */
  async read(options: RequestOptions & { readonly forPush?: boolean } = {}): Promise<State | undefined> {
    const known = this.#state ?? (await this.#load());
    if (known === undefined) {
      const reading = await readCold(this.backend, options);
      return reading === undefined ? undefined : this.#take(reading);
    }
    const [reading] = await Promise.all([
      readForward(this.backend, known, options, options.forPush ? 1 : 2),
      options.forPush ? checkTip(this.backend, known, options) : undefined,
    ]);
    if (reading.state.slot === -1) await this.#checkUnborn(known, options);
    return this.#take(reading);
  }

  /** As `read`, and a missing trunk is an error (`NOT_FOUND`). */
  async readExisting(options: RequestOptions = {}): Promise<State> {
    const state = await this.read(options);
    if (state !== undefined) return state;
    throw new TrunksError("NOT_FOUND", "there is no trunk here", {
      hint: "the first `git push` makes one; check the URL",
    });
  }

  /** Makes the trunk. When it is there already, that one is kept, and its state is the answer. */
  async create(options: CreateOptions = {}): Promise<State> {
    const file = { id: this.#newId(), objects: options.objects ?? "sha1" };
    for (let attempt = 1; ; attempt++) {
      try {
        const created = await this.backend.create(trunkFileKey, encodeTrunkFile(file), options);
        if (created) return this.#take({ state: emptyState(file), records: [] });
        break;
      } catch (error) {
        if (!isTrunksError(error, "OUTCOME_UNKNOWN") || options.signal?.aborted) throw error;
        // Whoever made it, what is there now is the trunk; while nothing is there, the same may be written again.
        if ((await readTrunkFile(this.backend, options)) !== undefined) break;
        if (attempt === maxCreations) throw error;
      }
    }
    return this.readExisting(options);
  }

  /**
   * Publishes one push: see `Publication`. Resolves with a verdict per move; throws only when nothing was decided
   * (`UNAVAILABLE`, …) or that could not be found out (`OUTCOME_UNKNOWN`).
   */
  async publish(publication: Publication, options: RequestOptions = {}): Promise<PublishOutcome> {
    const state = this.#state ?? (await this.readExisting(options));
    const { now = Date.now, sleep } = this.#options;
    const publisher = new Publisher(this.backend, { now, sleep, newId: this.#newId });
    const { outcome, reading } = await publisher.publish(state, publication, options);
    this.#take(reading);
    if (outcome.kind === "decided" && outcome.moves.includes("applied")) this.#published = outcome.state;
    return outcome;
  }

  /**
   * What is to be done behind a push, when its outcome was told: at times, a snapshot. Never throws: readers then read
   * more records, and a later push writes one.
   */
  async maintain(options: RequestOptions = {}): Promise<void> {
    const own = this.#published;
    this.#published = undefined;
    if (own === undefined || !snapshotDue(own.slot)) return;
    try {
      await writeSnapshot(this.backend, own, this.#newId(), options);
    } catch {
      // Best effort.
    }
  }

  /** Writes the state to the cache, if there is one and it has changed. Never throws: a cache may be lost. */
  async save(): Promise<void> {
    const state = this.#state;
    if (this.#options.cache === undefined || state === undefined || state === this.#saved) return;
    try {
      await this.#options.cache.save(encodeSnapshot(state));
      this.#saved = state;
    } catch {
      // The next process reads from the store.
    }
  }

  async close(): Promise<void> {
    await this.save();
    await this.backend.close();
  }

  async #load(): Promise<State | undefined> {
    try {
      const bytes = await this.#options.cache?.load();
      this.#state = bytes === undefined ? undefined : decodeSnapshot(bytes, "the cached state");
    } catch {
      this.#state = undefined; // Damaged, or of a newer version: as good as none.
    }
    this.#saved = this.#state;
    return this.#state;
  }

  #take(reading: Reading): State {
    const known = this.#state;
    // Of two calls at once the slower one may know less.
    if (known?.trunkId === reading.state.trunkId && known.slot > reading.state.slot) return known;
    this.#records.add(reading.records);
    this.#state = reading.state;
    return reading.state;
  }

  /** A trunk without records leaves no trace in the journal, so that it was replaced can be seen in its file only. */
  async #checkUnborn(known: State, options: RequestOptions): Promise<void> {
    const file = await readTrunkFile(this.backend, options);
    if (file?.id === known.trunkId) return;
    this.#state = undefined;
    throw new TrunksError("CORRUPT", "the trunk is not the one that was here before");
  }
}
