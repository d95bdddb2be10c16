import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { trunkFileKey } from "./format/key.ts";
import type { State } from "./format/state.ts";
import { encodeTrunkFile } from "./format/trunk-file.ts";
import { emptyState } from "./journal/fold.ts";
import { type Reading, readCold, readForward, readTrunkFile } from "./journal/read.ts";
import { RecentRecords } from "./journal/recent-records.ts";
import type { ReadRecord } from "./journal/slots.ts";
import { checkTip } from "./journal/tip.ts";
import { checkCopied, mayFailOver, readFromMirror } from "./mirror/failover.ts";
import { Mirrors, type MissedMirror } from "./mirror/mirrors.ts";
import { Primacy } from "./mirror/primacy.ts";
import { finishPromotion } from "./mirror/unfinished-promotion.ts";
import { randomId } from "./platform.ts";
import type { CreateOptions, MaintainOptions, ReadOptions, RepositoryOptions } from "./repository-options.ts";
import { CachedState } from "./state-cache.ts";
import type { Publication, PublishOutcome } from "./transfer/publication.ts";
import { Publisher } from "./transfer/publish.ts";
import { longTail, snapshotDue, writeSnapshot } from "./upkeep/snapshot.ts";

/** Tries to make a trunk when answers are lost. */
const maxCreations = 5;

/**
 * One trunk: a Git repository kept in a backend whose keys are relative to the trunk's folder. Long-lived: it holds the
 * last state that it read or wrote, and a later read asks only for what came after.
 */
export class Repository {
  readonly #primary: Backend;
  /** The mirror that the last reading came from, when the store itself could not be asked. */
  #elsewhere: Backend | undefined;
  /** The trunk's copies in other stores. */
  readonly mirrors: Mirrors;
  readonly #primacy: Primacy;
  readonly #cached: CachedState;
  readonly #options: RepositoryOptions;
  readonly #newId: () => string;
  #state: State | undefined;
  readonly #records = new RecentRecords();
  /** The state that this object's last push led to. */
  #published: State | undefined;
  /** When the state was read or written, by the clock of the options. */
  #readMs: number | undefined;
  /** So many records were read behind the newest snapshot when nothing was known. */
  #tailLength = 0;
  #snapshotDue = false;
  /** What own pushes left to be cleared away. */
  #tidy: (() => Promise<void>)[] = [];

  /** Does nothing but keep its arguments: the trunk may not exist. */
  constructor(backend: Backend, options: RepositoryOptions = {}) {
    this.#primary = backend;
    this.#options = options;
    this.#newId = options.newId ?? randomId;
    this.mirrors = new Mirrors(backend, {
      open: options.openPlace,
      openFollower: options.openFollower,
      sleep: options.sleep,
    });
    this.#primacy = new Primacy(backend, this.mirrors, options);
    this.#cached = new CachedState(options.cache);
  }

  /** Where the last state was read, and its packs are to be had: the store itself, or a mirror in its place. */
  get backend(): Backend {
    return this.#elsewhere ?? this.#primary;
  }

  /** The last state that was read or written, without a request; `undefined` before the first. */
  get known(): State | undefined {
    return this.#state;
  }

  /** The same, or else what the cache holds of earlier processes; without a request. */
  async remembered(): Promise<State | undefined> {
    this.#state ??= await this.#cached.load();
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
   * that a push cannot be added to a trunk that was rolled back; and so are the trunk's mirrors, which are brought up if
   * they are behind: a push that cannot reach one fails here. Without it, a mirror that is known to hold at least the
   * cached state is read in the store's place when that is away, with a warning.
   */
  async read(options: ReadOptions = {}): Promise<State | undefined> {
    const known = await this.remembered();
    this.#elsewhere = undefined;
    try {
      const reading = await this.#readPrimary(known, options);
      return reading === undefined ? undefined : this.#take(reading);
    } catch (error) {
      const { forPush = false, mirrors = true } = options;
      if (forPush || !mirrors || !known?.map.mirrors.size || !mayFailOver(error)) throw error;
      const { mirror, store, reading } = await readFromMirror(this.mirrors, known, error, options);
      this.#elsewhere = store;
      this.#options.warn?.(`${error.message}; reading from its mirror ${mirror.name}, ${mirror.url}`);
      return this.#take(reading);
    }
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
        const created = await this.#primary.create(trunkFileKey, encodeTrunkFile(file), options);
        if (created) return this.#take({ state: emptyState(file), records: [] });
        break;
      } catch (error) {
        if (!isTrunksError(error, "OUTCOME_UNKNOWN") || options.signal?.aborted) throw error;
        // Whoever made it, what is there now is the trunk; while nothing is there, the same may be written again.
        if ((await readTrunkFile(this.#primary, options)) !== undefined) break;
        if (attempt === maxCreations) throw error;
      }
    }
    return this.readExisting(options);
  }

  /**
   * Publishes one push: see `Publication`. Resolves with a verdict per move; throws only when nothing was decided
   * (`UNAVAILABLE`, …) or that could not be found out (`OUTCOME_UNKNOWN`). What was applied is in the trunk, and `missed`
   * names the strict mirrors that did not take it; the next push brings them up.
   */
  async publish(
    publication: Publication,
    options: RequestOptions = {},
  ): Promise<PublishOutcome & { readonly missed: readonly MissedMirror[] }> {
    const state = this.#state ?? (await this.readExisting(options));
    await this.mirrors.judge(state, publication.moves, options);
    const { now = Date.now, sleep, largeSettings } = this.#options;
    const { mirrors } = this;
    const publisher = new Publisher(this.#primary, { now, sleep, mirrors, newId: this.#newId, largeSettings });
    const readMs = this.#readMs;
    const { outcome, reading, ownSlot, tidy } = await publisher.publish(state, publication, { ...options, readMs });
    this.#take(reading);
    this.#tidy.push(tidy);
    if (outcome.kind === "decided" && outcome.moves.includes("applied")) {
      this.#published = outcome.state;
      const isDue = ownSlot !== undefined && snapshotDue(ownSlot, publication.moves.length);
      if (isDue || this.#tailLength > longTail) this.#snapshotDue = true;
      const refs = new Set(publication.moves.map(({ ref }) => ref));
      const { state: now } = outcome;
      await Promise.all([this.mirrors.settle(now, options), this.mirrors.follow(now, refs, options)]);
    }
    return { ...outcome, missed: this.mirrors.takeMissed() };
  }

  /**
   * What is to be done behind a push, when its outcome was told: what it left behind is removed, lagging mirrors are brought
   * up, and at times a snapshot is written. Never throws: readers then read more records, and a later push writes one.
   */
  async maintain(options: MaintainOptions = {}): Promise<void> {
    await Promise.all(this.#tidy.splice(0).map((tidy) => tidy()));
    const own = this.#published;
    this.#published = undefined;
    if (own === undefined) return;
    for (const { error } of await this.mirrors.bringUpLagging(own, options)) {
      const isLater = error.code !== "PRECONDITION_FAILED";
      this.#options.warn?.(`${error.message}${isLater ? "; it is lagging, and gets this push later" : ""}`);
    }
    const { snapshot = true } = options;
    if (snapshot && this.#snapshotDue) await this.snapshot(options).catch(() => {});
  }

  /** Whether a push of this object has made the tail behind the newest snapshot long, or has found it so. */
  get snapshotDue(): boolean {
    return this.#snapshotDue;
  }

  /**
   * Writes a snapshot of the state that is known here, or else of the newest: where nobody waits for it. Best effort, in each
   * mirror that holds the state too.
   */
  async snapshot(options: RequestOptions = {}): Promise<void> {
    this.#snapshotDue = false;
    this.#tailLength = 0;
    const state = (await this.remembered()) ?? (await this.readExisting(options));
    if (state.slot < 0) return;
    await this.mirrors.settle(state, options);
    this.mirrors.takeMissed();
    const id = this.#newId();
    const stores = [this.#primary, ...(await this.mirrors.holders(state))];
    await Promise.allSettled(stores.map((store) => writeSnapshot(store, state, id, options)));
  }

  /**
   * Asks the strict mirrors of the last state whether one of them was made the primary without this store's knowing, and says so
   * to `warn`. Never throws: who cannot be asked has nothing to say.
   */
  async lookForPrimary(options: RequestOptions = {}): Promise<void> {
    const state = this.#state;
    if (state !== undefined && this.#elsewhere === undefined) await this.#primacy.ask(state, options);
  }

  /** Writes the state to the cache, if there is one and it has changed. Never throws: a cache may be lost. */
  async save(): Promise<void> {
    if (this.#state === undefined) return;
    await this.#primacy.save(this.#state);
    await this.#cached.save(this.#state);
  }

  async close(): Promise<void> {
    await this.save();
    await this.mirrors.close();
    await this.#primary.close();
  }

  /** The newest state of the store itself; one that was promoted without being told becomes the primary before a push. */
  async #readPrimary(known: State | undefined, options: ReadOptions): Promise<Reading | undefined> {
    const read = () => (known === undefined ? this.#readCold(options) : this.#readOn(known, options));
    try {
      return await read();
    } catch (error) {
      const { forPush = false, mirrors = true } = options;
      const isMissing = isTrunksError(error, "CORRUPT") && known?.map.primary !== undefined;
      if (!forPush || !mirrors || !(isMissing || isTrunksError(error, "PRECONDITION_FAILED"))) throw error;
      if (!(await finishPromotion(this.mirrors, this.#primary, error, options))) throw error;
      return read();
    }
  }

  async #readCold(options: ReadOptions): Promise<Reading | undefined> {
    const { forPush = false, mirrors = true, onCold } = options;
    const cold = readCold(this.#primary, options);
    onCold?.();
    const reading = await cold.catch(async (error) => {
      // A first copy is made in no order, so it looks damaged until it is whole.
      if (isTrunksError(error, "CORRUPT")) checkCopied(await this.mirrors.self(options));
      throw error;
    });
    this.#tailLength = reading?.records.length ?? 0;
    if (reading === undefined || reading.state.map.primary === undefined || !mirrors) return reading;
    await this.#primacy.check(reading.state, options);
    if (forPush) await this.mirrors.check(reading.state, options);
    else this.#primacy.tellPlace(reading.state, await this.mirrors.self(options));
    return reading;
  }

  async #readOn(known: State, options: ReadOptions): Promise<Reading> {
    const { forPush = false, mirrors = true } = options;
    const mayPush = settled(forPush && mirrors ? this.mirrors.check(known, options) : undefined);
    const self = settled(!forPush && mirrors && known.map.primary ? this.mirrors.self(options) : undefined);
    const [reading] = await Promise.all([
      readForward(this.#primary, known, options, forPush ? 1 : 2),
      forPush ? checkTip(this.#primary, known, options) : undefined,
    ]);
    const { state } = reading;
    if (state.slot === -1) await this.#checkUnborn(known, options);
    if (mirrors) await this.#primacy.check(state, options);
    if (state.recordDigest === known.recordDigest) (await mayPush)();
    else if (forPush && mirrors) await this.mirrors.check(state, options);
    if (!forPush && mirrors && known.map.primary) this.#primacy.tellPlace(state, (await self)());
    return reading;
  }

  #take(reading: Reading): State {
    const known = this.#state;
    // Of two calls at once the slower one may know less.
    if (known?.trunkId === reading.state.trunkId && known.slot > reading.state.slot) return known;
    this.#records.add(reading.records);
    this.#state = reading.state;
    this.#readMs = (this.#options.now ?? Date.now)();
    return reading.state;
  }

  /** A trunk without records leaves no trace in the journal, so that it was replaced can be seen in its file only. */
  async #checkUnborn(known: State, options: RequestOptions): Promise<void> {
    const file = await readTrunkFile(this.#primary, options);
    if (file?.id === known.trunkId) return;
    this.#state = undefined;
    throw new TrunksError("CORRUPT", "the trunk is not the one that was here before");
  }
}

/** Waits for the end of `work` without throwing; its answer, or its failure, comes when it is asked for. */
async function settled<Answer>(work: Promise<Answer> | undefined): Promise<() => Answer | undefined> {
  try {
    const answer = await work;
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
