import { type Backend, isTrunksError, type RequestOptions, TrunksError, sleep as timerSleep } from "@trunks/core";
import type { RefMove } from "../format/entry.ts";
import { changedMap, type MirrorMap, type Place } from "../format/mirror-map.ts";
import type { PlaceFile } from "../format/place-file.ts";
import type { EncodedRecord, TrunkRecord } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { appendRecord } from "../journal/append.ts";
import type { Sleep } from "../journal/sleep.ts";
import { readSlotDigest } from "../journal/tip.ts";
import { bringUp, diverged, fillSlot, settleConflict } from "./copy.ts";
import { isFollowed } from "./follow-plan.ts";
import type { OpenFollower } from "./follower.ts";
import { Followers } from "./followers.ts";
import { explained, leftBehind, overtaken, unanswered, wrapped } from "./mirror-error.ts";
import { checkPrimary, followersOf, laggingPlaces, type OpenPlace, readPlace, requiredPlaces } from "./place.ts";
import { standingOf } from "./standing.ts";
import { Uploads } from "./uploads.ts";

/** A mirror that did not get what the trunk has. */
export interface MissedMirror {
  readonly name: string;
  readonly error: TrunksError;
}

export interface AppendOptions extends RequestOptions {
  /** A mirror that cannot be reached does not stop the record: for changes that ask less of mirrors. Default false. */
  readonly lenient?: boolean;
}

export interface MirrorsOptions {
  readonly open?: OpenPlace;
  readonly openFollower?: OpenFollower;
  readonly sleep?: Sleep;
}

/**
 * The copies of a trunk, as a writer of its primary sees them: what every push goes through. See docs/mirrors.md for the
 * order of writing. For a trunk that never had a mirror this does nothing, and costs no request.
 */
export class Mirrors {
  readonly #primary: Backend;
  readonly #open: OpenPlace;
  readonly #sleep: Sleep;
  readonly #stores = new Map<string, Promise<Backend>>();
  #self: PlaceFile | undefined;
  /** The state for which all mirrors were seen to be even, until a record is added to it. */
  #checked: string | undefined;
  /** By a place's name: the last record that it is known to hold. */
  readonly #held = new Map<string, string>();
  readonly #uploads: Uploads;
  #missed: MissedMirror[] = [];
  /** Those that are Git repositories. */
  readonly followers: Followers;

  constructor(primary: Backend, options: MirrorsOptions = {}) {
    this.#primary = primary;
    this.#open = options.open ?? cannotOpen;
    this.followers = new Followers(primary, options.openFollower);
    this.#sleep = options.sleep ?? timerSleep;
    this.#uploads = new Uploads(primary, (place) => this.store(place));
  }

  /** The trunk in the store of that place. Opened once. */
  store(place: Place): Promise<Backend> {
    const key = `${place.name} ${place.url}`;
    const opened = this.#stores.get(key) ?? this.#open(place);
    opened.catch(() => this.#stores.delete(key));
    this.#stores.set(key, opened);
    return opened;
  }

  /** What this store is called. */
  async self(options: RequestOptions = {}): Promise<PlaceFile | undefined> {
    this.#self ??= await readPlace(this.#primary, options);
    return this.#self;
  }

  /** To be called when the store was given another name. */
  forgetSelf(): void {
    this.#self = undefined;
  }

  /**
   * Sees to it that a record may follow `state`: this is the primary, and each strict mirror holds exactly what it holds.
   * One that is behind is brought up first, and so is each strict follower. Throws what stands in the way, before anything
   * of the push was written.
   */
  async check(state: State, options: RequestOptions = {}): Promise<void> {
    if (state.map.primary === undefined) return;
    const copies = this.#checkAll(requiredPlaces(state.map, state.map.primary.name), state, options);
    await Promise.all([
      this.#checkPrimary(state, options),
      copies.catch(async (error) => {
        throw await leftBehind(error, this.#primary, state, options);
      }),
      this.#prepare(state.map, state, options),
    ]);
    this.#checked = state.recordDigest;
  }

  /** Throws where this store is not the primary of a trunk that has mirrors. */
  async #checkPrimary(state: State, options: RequestOptions): Promise<void> {
    if (state.map.primary !== undefined) checkPrimary(state, await this.self(options));
  }

  /** Throws what is known already to stand in the way of a push, before its data is written; and see `Followers.judge`. */
  async judge(state: State, moves: readonly RefMove[], options: RequestOptions = {}): Promise<void> {
    await this.#checkPrimary(state, options);
    for (const place of followersOf(state.map, "strict")) {
      await this.followers.judge(place, moves, options).catch((error) => {
        throw wrapped(place, error);
      });
    }
  }

  /** Where a push's new keys are written: see `Uploads`. */
  uploads({ primary, mirrors }: MirrorMap): Backend {
    const places = requiredPlaces({ primary, mirrors }, primary?.name);
    return places.length === 0 ? this.#primary : this.#uploads.to(places);
  }

  /**
   * Adds a record behind `state`, everywhere: `false` when another writer has the slot. Once it is in the primary, a
   * mirror that does not take it is remembered, see `takeMissed`; but one that holds something else there throws.
   */
  async append(state: State, record: TrunkRecord, encoded: EncodedRecord, options: AppendOptions = {}) {
    const { map } = state;
    const behind = record.map === undefined ? map : changedMap(map, record.map);
    let places = requiredPlaces(behind, map.primary?.name ?? behind.primary?.name);
    if (this.#checked !== state.recordDigest || record.map !== undefined) {
      await this.#checkPrimary(state, options);
      await this.#checkAll(places, state, options);
    }
    // Branches and tags, or the map, are all that followers have to do with.
    const isTheirs = record.entries.some(({ moves }) => moves.some(({ ref }) => isFollowed(ref)));
    if (isTheirs || record.map !== undefined) await this.#prepare(behind, state, options, record);
    this.#checked = undefined;
    places = places.filter(({ name }) => !this.#missed.some((missed) => missed.name === name));
    await Promise.all(places.map((place) => this.#uploads.complete(place, record, { ...options, sleep: this.#sleep })));
    const won = await appendRecord(this.#primary, record.slot, encoded, this.#sleep, options);
    if (won) await this.#spread(places, record.slot, encoded, options);
    return won;
  }

  /**
   * Brings every strict mirror to `state`, which a push has led to: needed where the record was another writer's, or its
   * answer was lost. What does not succeed is remembered.
   */
  async settle(state: State, options: RequestOptions = {}): Promise<void> {
    if (state.map.primary === undefined || (await this.self(options))?.name !== state.map.primary.name) return;
    const places = requiredPlaces(state.map, state.map.primary?.name);
    const open = places.filter(
      (place) => !this.holds(place, state) && !this.#missed.some(({ name }) => name === place.name),
    );
    await Promise.all(open.map((place) => this.#remember(place, () => this.makeEven(place, state, options))));
  }

  /** Brings the strict followers to refs of `state` that a push has moved. What does not succeed is remembered. */
  async follow(state: State, refs: ReadonlySet<string>, options: RequestOptions = {}): Promise<void> {
    if (![...refs].some(isFollowed)) return;
    await Promise.all(
      followersOf(state.map, "strict").map((place) =>
        this.#remember(place, () => this.followers.follow(place, state, { ...options, only: refs })),
      ),
    );
  }

  /** What contradicts the trunk in strict followers, as the last look before a push has found it, and no push has taken up. */
  contradictions(map: MirrorMap): TrunksError[] {
    return followersOf(map, "strict").flatMap((place) => {
      const error = this.followers.contradiction(place);
      return error === undefined ? [] : [wrapped(place, error)];
    });
  }

  /** Mirrors that did not take what was written since the last call. */
  takeMissed(): readonly MissedMirror[] {
    const missed = this.#missed;
    this.#missed = [];
    this.#uploads.forget();
    return missed;
  }

  /** Brings the lagging mirrors to `state`, and answers those that could not be. */
  async bringUpLagging(state: State, options: RequestOptions = {}): Promise<readonly MissedMirror[]> {
    const missed: MissedMirror[] = [];
    const attempt = async (place: Place, work: Promise<void>) =>
      work.catch((error) => void missed.push({ name: place.name, error: wrapped(place, error) }));
    await Promise.all([
      ...laggingPlaces(state.map).map((place) => attempt(place, this.makeEven(place, state, options))),
      ...followersOf(state.map, "lagging").map((place) => attempt(place, this.followers.follow(place, state, options))),
    ]);
    return missed;
  }

  /** Whether this object has seen to it that the place holds `state`. */
  holds({ name }: Place, state: State): boolean {
    return this.#held.get(name) === state.recordDigest;
  }

  /** The mirrors that hold `state`, so far as this object has seen to it. */
  async holders(state: State): Promise<Backend[]> {
    const places = [...state.map.mirrors.values()].filter((place) => this.holds(place, state));
    return Promise.all(places.map((place) => this.store(place)));
  }

  async close(): Promise<void> {
    const stores = await Promise.allSettled(this.#stores.values());
    await Promise.all(stores.map((store) => (store.status === "fulfilled" ? store.value.close() : undefined)));
  }

  async #checkAll(places: readonly Place[], state: State, options: AppendOptions): Promise<void> {
    await Promise.all(
      places.map(async (place) => {
        if (options.lenient) return this.#remember(place, () => this.makeEven(place, state, options));
        try {
          await this.makeEven(place, state, options);
        } catch (error) {
          throw wrapped(place, unanswered(error));
        }
      }),
    );
  }

  /** Looks at the strict followers; before a record at those that were not seen yet, and judges it by what was seen. */
  async #prepare(map: MirrorMap, state: State, options: AppendOptions, record?: TrunkRecord): Promise<void> {
    const moves = record?.entries.flatMap((entry) => entry.moves) ?? [];
    await Promise.all(
      followersOf(map, "strict").map(async (place) => {
        const work = async () => {
          if (record === undefined || !this.followers.isPrepared(place)) {
            await this.followers.prepare(place, state, options);
          }
          if (record !== undefined) await this.followers.judge(place, moves, options);
        };
        if (options.lenient) return this.#remember(place, work);
        await work().catch((error) => {
          throw wrapped(place, error);
        });
      }),
    );
  }

  /** How to copy to a mirror, for those who do it beside a push. */
  get sleep(): Sleep {
    return this.#sleep;
  }

  /** Brings a mirror to `state`; throws when it holds more, or something else. */
  async makeEven(place: Place, state: State, options: RequestOptions): Promise<void> {
    const store = await this.store(place);
    const strict = state.map.mirrors.get(place.name)?.mode === "strict";
    const copying = { ...options, sleep: this.#sleep, strict };
    const standing = await standingOf(store, state, options);
    if (standing.kind === "ahead") await this.checkAhead(store, state, options);
    try {
      if (standing.kind === "behind") await bringUp(this.#primary, store, state, standing.slot, copying);
      if (standing.kind === "diverged") await settleConflict(this.#primary, store, state.slot, copying);
    } catch (error) {
      throw isTrunksError(error, "PRECONDITION_FAILED") ? await explained(store, state, error, options) : error;
    }
    this.#held.set(place.name, state.recordDigest);
  }

  /** A mirror that is ahead got its record from the primary, where the state's writer will meet it; or from nowhere. */
  async checkAhead(store: Backend, state: State, options: RequestOptions): Promise<void> {
    const slot = state.slot + 1;
    const [own, other] = await Promise.all([
      readSlotDigest(this.#primary, slot, options),
      readSlotDigest(store, slot, options),
    ]);
    if (own !== other) throw await explained(store, state, diverged(slot), options);
  }

  async #spread(places: readonly Place[], slot: number, encoded: EncodedRecord, options: RequestOptions) {
    await Promise.all(
      places.map((place) =>
        this.#remember(place, async () => {
          const store = await this.store(place);
          if (!(await fillSlot(store, slot, encoded, { ...options, sleep: this.#sleep }))) throw overtaken(slot);
          this.#held.set(place.name, encoded.digest);
        }),
      ),
    );
  }

  /** What cannot be reached is remembered; what contradicts is thrown. */
  async #remember(place: Place, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const told = wrapped(place, error);
      if (told.code === "PRECONDITION_FAILED") throw told;
      this.#missed.push({ name: place.name, error: told });
    }
  }
}

async function cannotOpen(): Promise<Backend> {
  throw new TrunksError("NOT_SUPPORTED", "this program does not know how to open it");
}
