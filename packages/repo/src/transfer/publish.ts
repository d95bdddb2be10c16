import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import type { Entry, RefMove } from "../format/entry.ts";
import { type EncodedRecord, encodeRecord, type RecordEntry, type TrunkRecord } from "../format/record.ts";
import type { State, Verdict } from "../format/state.ts";
import { Combiner, entryId } from "../journal/combine.ts";
import { fold, judge, verdictWindow } from "../journal/fold.ts";
import { joined, type Reading, readForward, readNext } from "../journal/read.ts";
import { recordBehind } from "../journal/record-behind.ts";
import { type Sleep, timerSleep } from "../journal/sleep.ts";
import type { ReadRecord } from "../journal/slots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import { type LargeBlobBody, type LargeParts, type LargeSettings, uploadLarge } from "../large/large-upload.ts";
import { Mirrors } from "../mirror/mirrors.ts";
import { sha256Hex } from "../platform.ts";
import { type SegmentBody, uploadSegments } from "./segment-upload.ts";

/** In bytes. A pack up to this size travels inside its record. */
export const inlinePackLimit = 2 ** 20;

/** How often, and how long apart in milliseconds, a writer looks whether another has carried its push. */
const maxPolls = 8;
const pollMs = 15;

/** One push, as its caller wants it. */
export interface Publication {
  readonly moves: readonly RefMove[];
  readonly head?: { readonly oldTarget: string; readonly newTarget: string };
  /** All moves or none. Default false. */
  readonly atomic?: boolean;
  /** Everything that the new values reach and the assumed ones do not; none when nothing is new. */
  readonly pack?: PublicationPack;
  /** Blobs that `pack` leaves out, which shall be kept in chunks. Default: none. */
  readonly large?: readonly LargeBlobBody[];
  /** The slot of the state from which `moves` and `assumed` were taken. */
  readonly basis: number;
  /** Values of refs in the basis from which the pack was cut off; `"*"` for any of them. */
  readonly assumed: readonly string[] | "*";
  /** The pack was made without walking all that it should hold. Default false. */
  readonly unproved?: boolean;
  readonly author?: string;
  readonly options?: readonly string[];
}

/** A small pack in memory, at most `inlinePackLimit` and perhaps thin; or segments. */
export type PublicationPack =
  | { readonly kind: "inline"; readonly bytes: Uint8Array; readonly objectCount: number }
  | { readonly kind: "segments"; readonly segments: readonly SegmentBody[] };

/** `stale`: the ref has another value than `oldId`. `conflict`: its name is a folder of another. `aborted`: atomic, and another move failed. */
export type MoveVerdict = "applied" | "stale" | "conflict" | "aborted";

/**
 * `decided`: a verdict per move (and one for HEAD). `repack`: objects that the pack relied on may be gone; read the state,
 * pack again and publish again.
 */
export type PublishOutcome =
  | {
      readonly kind: "decided";
      readonly moves: readonly MoveVerdict[];
      readonly head: MoveVerdict | undefined;
      readonly state: State;
    }
  | { readonly kind: "repack"; readonly state: State };

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

/** A push on its way. */
interface Push {
  readonly entry: RecordEntry;
  readonly pack: Uint8Array | undefined;
  readonly combiner: Combiner;
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
  async publish(state: State, publication: Publication, options: RequestOptions = {}): Promise<Published> {
    const draft = this.#draft(publication);
    let reading: Reading = { state, records: [] };
    if (hopeless(state, draft) !== undefined) {
      reading = await readForward(this.#backend, state, options);
      const refusal = hopeless(reading.state, draft);
      if (refusal !== undefined) {
        const outcome = outcomeOf(refusal, draft, reading.state);
        return { outcome, reading, ownSlot: undefined, tidy: async () => {} };
      }
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
      return await this.#settle(reading, { entry, pack, combiner }, options);
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

  /**
   * Tries slot after slot. The first two tries are for this push alone: most often one of them wins. Whoever loses the
   * first leaves an intent beside the second.
   */
  async #settle(first: Reading, push: Push, options: RequestOptions): Promise<Published> {
    const { entry, pack, combiner } = push;
    let reading = first;
    let ownSlot: number | undefined;
    let patience = maxPolls;
    for (let round = 0; ; round++) {
      const { state } = reading;
      const verdict = state.verdicts.get(entry.id) ?? refusalOf(state, push);
      if (verdict !== undefined) {
        const outcome = outcomeOf(verdict, entry, state);
        return { outcome, reading, ownSlot, tidy: () => combiner.remove(state) };
      }
      if (round > 1 && patience > 0 && !combiner.isTurn(state)) {
        if (patience === maxPolls) combiner.look(state);
        patience--;
        reading = await this.#poll(reading, options);
        continue;
      }
      const record = recordBehind(state, { entries: [entry, ...combiner.others(state)] });
      const encoded = encodeRecord(record, pack);
      if (round > 0) {
        // While nothing is left, what stands in the way of a record is a plain error.
        if (combiner.leftSlot === undefined) await this.#mirrors.check(state, options);
        combiner.leave(state);
        combiner.look(state);
      }
      const peeked = round > 0 ? this.#peek(reading, options) : undefined;
      const hasSlot = await this.#append(state, record, encoded, options);
      if (hasSlot) {
        ownSlot = record.slot;
        const own: ReadRecord = { record, digest: encoded.digest, doomedKeys: [], pack };
        reading = { state: fold(state, [own]), records: [...reading.records, own] };
      } else if (hasSlot === undefined) {
        combiner.goAlone();
      } else {
        combiner.look(state);
        reading = (await peeked) ?? (await this.#readOn(reading, push, options));
        patience = maxPolls;
      }
    }
  }

  /**
   * Whether the record has the slot. `undefined` when nothing was written, because a mirror cannot be given what others left:
   * their intent went when another record was first, or its pack is damaged. That is no matter of this push.
   */
  async #append(
    state: State,
    record: TrunkRecord,
    encoded: EncodedRecord,
    options: RequestOptions,
  ): Promise<boolean | undefined> {
    try {
      return await this.#mirrors.append(state, record, encoded, options);
    } catch (error) {
      const isOthers = isTrunksError(error, "NOT_FOUND") || isTrunksError(error, "CORRUPT");
      if (record.entries.length === 1 || !isOthers) throw error;
      return (await readSlotDigest(this.#backend, record.slot, options)) === undefined ? undefined : false;
    }
  }

  /** Reads what another writer has put where this one wanted to write; to the end, when it would refuse the push. */
  async #readOn(reading: Reading, { entry, combiner }: Push, options: RequestOptions): Promise<Reading> {
    const next = await readNext(this.#backend, reading.state, options);
    if (next.state.slot > reading.state.slot) {
      const known = joined(reading, next);
      const isOpen = next.state.verdicts.has(entry.id) || hopeless(next.state, entry) === undefined;
      if (isOpen || combiner.leftSlot !== undefined) return known;
      // What stood in the way in this slot may have gone, long before this push began.
      return joined(known, await readForward(this.#backend, next.state, options, 1));
    }
    throw new TrunksError(
      "CORRUPT",
      "the store refused a record as present and then had none: it does not keep create-if-absent",
      {
        hint: "run `trunks verify URL` on this store",
      },
    );
  }

  /** Looks for another's record beside a try that may well fail. `undefined` when there was none, or this failed. */
  async #peek(reading: Reading, options: RequestOptions): Promise<Reading | undefined> {
    try {
      const next = await readForward(this.#backend, reading.state, options, 1, true);
      return next.state.slot > reading.state.slot ? joined(reading, next) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Looks whether somebody whose turn it is has written a record. */
  async #poll(reading: Reading, options: RequestOptions): Promise<Reading> {
    await this.#sleep(pollMs, options.signal);
    return joined(reading, await readForward(this.#backend, reading.state, options, 1));
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

/** The verdict that the entry would get, when it is not worth a record; `undefined` when something of it would be applied. */
function hopeless(state: State, entry: RecordEntry): Verdict | undefined {
  const verdict = judge(state, entry) ?? { slot: state.slot, letters: "r" };
  return verdict.letters.includes("a") ? undefined : verdict;
}

/**
 * The verdict on a push that is not worth a record. Once others may carry it, only that it is void for ever counts; and when
 * it may have been judged in a slot whose verdicts are forgotten, nobody can tell.
 */
function refusalOf(state: State, { entry, combiner }: Push): Verdict | undefined {
  const refusal = hopeless(state, entry);
  const { leftSlot } = combiner;
  if (leftSlot === undefined) return refusal;
  if (judge(state, entry) !== undefined) return undefined;
  if (state.horizon > leftSlot) throw unknownOutcome("too many pushes came in between to tell what became of this one");
  return refusal;
}

function unknownOutcome(message: string, cause?: unknown): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", message, {
    cause,
    hint: "run `git fetch` to see whether it was accepted, then push again if it was not",
  });
}

function outcomeOf(verdict: Verdict, entry: Entry, state: State): PublishOutcome {
  const { letters } = verdict;
  if (letters === "r") return { kind: "repack", state };
  const verdicts = Array.from({ length: entry.moves.length + 1 }, (_, index) =>
    verdictOf(letters[index] ?? (letters[0] as string)),
  );
  return {
    kind: "decided",
    moves: verdicts.slice(0, entry.moves.length),
    head: entry.head === undefined ? undefined : verdicts[entry.moves.length],
    state,
  };
}

function verdictOf(letter: string): MoveVerdict {
  if (letter === "a") return "applied";
  if (letter === "s") return "stale";
  return letter === "c" ? "conflict" : "aborted";
}
