import { type Backend, isTrunksError, type RequestOptions, sleep as timerSleep } from "@trunks/core";
import type { RecordEntry } from "../format/record.ts";
import type { State } from "../format/state.ts";
import { Combiner, entryId } from "../journal/combine.ts";
import { verdictWindow } from "../journal/fold.ts";
import { type Reading, readForward } from "../journal/read.ts";
import type { Sleep } from "../journal/sleep.ts";
import { type LargeBlobBody, type LargeParts, type LargeSettings, uploadLarge } from "../large/large-upload.ts";
import { Mirrors } from "../mirror/mirrors.ts";
import { sha256Hex } from "../platform.ts";
import { Contest, hopeless, unknownOutcome } from "./contest.ts";
import { outcomeOf, type Publication, type PublishOutcome } from "./publication.ts";
import { uploadSegments } from "./segment-upload.ts";

export interface PublisherOptions {
  readonly now: () => number;
  readonly sleep?: Sleep;
  /** The trunk's copies, which get what the journal gets. Default: none can be opened. */
  readonly mirrors?: Mirrors;
  /** Makes names that nobody has used. */
  readonly newId: () => string;
  /** How large blobs are cut. */
  readonly largeSettings?: LargeSettings;
}

export interface PublishOptions extends RequestOptions {
  /** When the state was read, by the publisher's clock. Default: just now. */
  readonly readMs?: number;
}

/** What became of a push, and what was learnt on the way. */
export interface Published {
  readonly outcome: PublishOutcome;
  readonly reading: Reading;
  /** The slot that this push filled itself; `undefined` when another writer carried it, or nothing was written. */
  readonly ownSlot: number | undefined;
  /** Removes what the push has left behind and nobody needs any more; may wait. Never throws. */
  tidy(): Promise<void>;
}

/** Puts pushes in the journal. */
export class Publisher {
  readonly #backend: Backend;
  readonly #now: () => number;
  readonly #sleep: Sleep;
  readonly #mirrors: Mirrors;
  readonly #newId: () => string;
  readonly #largeSettings: LargeSettings | undefined;

  constructor(backend: Backend, options: PublisherOptions) {
    this.#backend = backend;
    this.#now = options.now;
    this.#sleep = options.sleep ?? timerSleep;
    this.#mirrors = options.mirrors ?? new Mirrors(backend, { sleep: options.sleep });
    this.#newId = options.newId;
    this.#largeSettings = options.largeSettings;
  }

  /**
   * Publishes behind `state`; the reading is what was learnt of the journal after it. A push is refused only by a state
   * that was read after this was called, and before its segments are uploaded if it can be.
   */
  async publish(state: State, publication: Publication, options: PublishOptions = {}): Promise<Published> {
    const { readMs = this.#now() } = options;
    const draft = this.#draft(publication);
    let reading: Reading = { state, records: [] };
    if (hopeless(state, draft) !== undefined) {
      reading = await readForward(this.#backend, state, options);
      const refusal = hopeless(reading.state, draft);
      if (refusal !== undefined) {
        const outcome = outcomeOf(refusal, draft, reading.state);
        return { outcome, reading, ownSlot: undefined, tidy: async () => {} };
      }
      // Another store may have become the primary since: nothing is uploaded for one that takes no push.
      await this.#mirrors.judge(reading.state, publication.moves, options);
    }
    const { pack: body } = publication;
    const pack = body?.kind === "inline" ? body.bytes : undefined;
    const bodies = body?.kind === "segments" ? body.segments : [];
    const uploads = this.#mirrors.uploads(reading.state.map);
    const segments = await uploadSegments(uploads, bodies, this.#newId, { ...options, sleep: this.#mirrors.sleep });
    const large = await this.#uploadLarge(reading.state, uploads, publication.large ?? [], options);
    const entry = { ...draft, segments, ...large };
    const combiner = new Combiner(this.#backend, entry, pack, this.#now, options);
    try {
      const push = { entry, pack, combiner, readMs, mirrors: this.#mirrors };
      const contest = { ...push, backend: this.#backend, now: this.#now, sleep: this.#sleep };
      const { verdict, ...ending } = await new Contest(contest, options).settle(reading);
      const { state } = ending.reading;
      return { ...ending, outcome: outcomeOf(verdict, entry, state), tidy: () => combiner.remove(state) };
    } catch (error) {
      if (combiner.leftSlot === undefined) throw error;
      await combiner.remove();
      if (isTrunksError(error, "OUTCOME_UNKNOWN")) throw error;
      throw unknownOutcome("the push was left waiting, and another writer may complete it", error);
    } finally {
      combiner.end();
    }
  }

  /** Nothing for a push without large blobs: its entry is as it always was. */
  async #uploadLarge(
    state: State,
    uploads: Backend,
    blobs: readonly LargeBlobBody[],
    { signal }: RequestOptions,
  ): Promise<Partial<LargeParts>> {
    if (blobs.length === 0) return {};
    const { sleep } = this.#mirrors;
    const settings = this.#largeSettings;
    return uploadLarge(this.#backend, uploads, state, blobs, { signal, sleep, newId: this.#newId, settings });
  }

  /** The entry without its segments. */
  #draft(publication: Publication): RecordEntry {
    const { pack, basis } = publication;
    return {
      id: entryId(this.#now(), this.#newId()),
      carried: false,
      basis,
      last: basis + verdictWindow,
      timeMs: this.#now(),
      author: publication.author,
      options: publication.options ?? [],
      atomic: publication.atomic ?? false,
      unproved: publication.unproved ?? false,
      assumed: publication.assumed,
      moves: publication.moves,
      head: publication.head,
      segments: [],
      inline:
        pack?.kind === "inline"
          ? { size: pack.bytes.length, digest: sha256Hex(pack.bytes), objectCount: pack.objectCount }
          : undefined,
    };
  }
}
