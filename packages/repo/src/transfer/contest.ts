import { type Backend, isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { type EncodedRecord, encodeRecord, type RecordEntry, type TrunkRecord } from "../format/record.ts";
import type { State, Verdict } from "../format/state.ts";
import type { Combiner } from "../journal/combine.ts";
import { fold, judge } from "../journal/fold.ts";
import { joined, type Reading, readForward, readNext, readOne } from "../journal/read.ts";
import { recordBehind } from "../journal/record-behind.ts";
import type { Sleep } from "../journal/sleep.ts";
import type { ReadRecord } from "../journal/slots.ts";
import { readSlotDigest } from "../journal/tip.ts";
import type { Mirrors } from "../mirror/mirrors.ts";

/** How often a writer looks whether another has carried its push, before it tries for the slot itself. */
const maxPolls = 8;
/** How long apart, in milliseconds: for whoever is as fast as the others, and the least for whoever is late. */
const pollMs = 15;
/** The most, in milliseconds, that one who is late waits between two looks. */
const maxPollMs = 1000;

/** What a contest is about, and with. */
export interface Contestant {
  readonly backend: Backend;
  readonly mirrors: Mirrors;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly entry: RecordEntry;
  readonly pack: Uint8Array | undefined;
  readonly combiner: Combiner;
  /** When the state was read behind which the push is to come, by the clock `now`. */
  readonly readMs: number;
}

/** How a contest ended. */
export interface Ending {
  readonly verdict: Verdict;
  readonly reading: Reading;
  /** The slot that this writer filled itself; `undefined` when another carried its push, or nothing was written. */
  readonly ownSlot: number | undefined;
}

/**
 * One writer's way to a slot of the journal, or into another's record. The first two tries are for its push alone: most often one
 * of them wins. Whoever loses the first leaves an intent beside the second.
 *
 * A crowd of writers as fast as each other race for each slot, and each reads what all have left: that is over soonest. But
 * who has let the journal go on before the first try will most likely come late to the next slot too, and would only ask the
 * store for nothing: see `#awaitTurn`.
 */
export class Contest {
  readonly #with: Contestant;
  readonly #options: RequestOptions;
  #ownSlot: number | undefined;
  /** Between reading the journal and the first try went by more than half the time that a try takes. */
  #isLate = false;
  /** Several records lay between. */
  #isFarBehind = false;
  /** What the last try took, in milliseconds. */
  #tryMs = pollMs;

  constructor(contestant: Contestant, options: RequestOptions) {
    this.#with = contestant;
    this.#options = options;
  }

  /** Goes on until the push is judged behind `reading`, or need not be. */
  async settle(reading: Reading): Promise<Ending> {
    let known = reading;
    for (let tries = 0; ; tries++) {
      if (tries > 0 && this.#verdict(known) === undefined) {
        await this.#leave(known.state);
        if (this.#isLate && (tries > 1 || this.#isFarBehind)) known = await this.#awaitTurn(known);
        else if (tries > 1) known = await this.#awaitCarrier(known);
      }
      const verdict = this.#verdict(known);
      if (verdict !== undefined) return { verdict, reading: known, ownSlot: this.#ownSlot };
      known = await this.#try(known, tries);
    }
  }

  #verdict({ state }: Reading): Verdict | undefined {
    return state.verdicts.get(this.#with.entry.id) ?? refusalOf(state, this.#with);
  }

  /** Puts the push where others see it. While nothing is left, what stands in the way of a record is a plain error. */
  async #leave(state: State): Promise<void> {
    const { combiner, mirrors } = this.#with;
    if (combiner.leftSlot === undefined) await mirrors.check(state, this.#options);
    combiner.leave(state);
  }

  /** Tries for the slot behind `reading`, and answers what is known then. */
  async #try(reading: Reading, tries: number): Promise<Reading> {
    const { combiner, entry, pack, now, readMs } = this.#with;
    const { state } = reading;
    const record = recordBehind(state, { entries: [entry, ...combiner.others(state)] });
    const encoded = encodeRecord(record, pack);
    const races = tries > 0 && !this.#isLate;
    if (races) combiner.look(state);
    const peeked = races ? this.#peek(reading) : undefined;
    const startMs = now();
    const hasSlot = await this.#append(state, record, encoded);
    this.#tryMs = Math.min(Math.max(now() - startMs, pollMs), maxPollMs);
    if (hasSlot) {
      this.#ownSlot = record.slot;
      const own: ReadRecord = { record, digest: encoded.digest, doomedKeys: [], pack };
      return { state: fold(state, [own]), records: [...reading.records, own] };
    }
    if (hasSlot === undefined) {
      combiner.goAlone();
      return reading;
    }
    if (tries === 0) this.#isLate = startMs - readMs > this.#tryMs / 2;
    if (!this.#isLate) combiner.look(state);
    const next = (await peeked) ?? (await this.#readOn(reading));
    this.#isFarBehind = next.state.slot > state.slot + 1;
    return next;
  }

  /** For whoever is as fast as the others: waits for one of so many whose turn it is. */
  async #awaitCarrier(reading: Reading): Promise<Reading> {
    const { backend, combiner, sleep } = this.#with;
    let known = reading;
    for (let polls = 0; polls < maxPolls && !combiner.isTurn(known.state); polls++) {
      if (polls === 0) combiner.look(known.state);
      await sleep(pollMs, this.#options.signal);
      known = joined(known, await readForward(backend, known.state, this.#options, 1));
      if (this.#verdict(known) !== undefined) break;
    }
    return known;
  }

  /**
   * For whoever is late: sees who waits and whether there is a record more, and goes on with what the others have left if it
   * is one of the first few of them. Otherwise it looks for that one record only, at times that grow, and by and by counts
   * itself among the first.
   */
  async #awaitTurn(reading: Reading): Promise<Reading> {
    const { backend, combiner, sleep } = this.#with;
    let known = reading;
    for (let polls = 0; ; polls++) {
      const looks = polls === 0 || combiner.isTurn(known.state, polls);
      const [next] = await Promise.all([
        this.#isFarBehind
          ? readForward(backend, known.state, this.#options, 1)
          : readOne(backend, known.state, this.#options),
        looks ? combiner.list() : undefined,
      ]);
      const isNew = next.state !== known.state;
      known = joined(known, next);
      if (isNew && this.#verdict(known) !== undefined) return known;
      const isAtEnd = !isNew || this.#isFarBehind;
      this.#isFarBehind = false;
      if (isAtEnd && (polls >= maxPolls || combiner.isTurn(known.state, polls))) {
        await combiner.readWaiting(known.state);
        return known;
      }
      if (isNew) polls = -1;
      else await sleep(Math.min(this.#tryMs * 1.5 ** polls * 0.5, maxPollMs), this.#options.signal);
    }
  }

  /**
   * Whether the record has the slot. When a mirror cannot be given what it lacks, for it went or is damaged, the slot was most
   * often another's before: then it may have gone rightly. `undefined` when the slot is free still and others have left what is
   * in the way: that is no matter of this push, and nothing was written.
   */
  async #append(state: State, record: TrunkRecord, encoded: EncodedRecord): Promise<boolean | undefined> {
    const { backend, mirrors } = this.#with;
    try {
      return await mirrors.append(state, record, encoded, this.#options);
    } catch (error) {
      if (!isTrunksError(error, "NOT_FOUND") && !isTrunksError(error, "CORRUPT")) throw error;
      if ((await readSlotDigest(backend, record.slot, this.#options)) !== undefined) return false;
      if (record.entries.length > 1) return undefined;
      throw error;
    }
  }

  /** Reads what another writer has put where this one wanted to write; to the end, when it would refuse the push. */
  async #readOn(reading: Reading): Promise<Reading> {
    const { backend, entry, combiner } = this.#with;
    const next = await readNext(backend, reading.state, this.#options);
    if (next.state.slot > reading.state.slot) {
      const known = joined(reading, next);
      const isOpen = next.state.verdicts.has(entry.id) || hopeless(next.state, entry) === undefined;
      if (isOpen || combiner.leftSlot !== undefined) return known;
      // What stood in the way in this slot may have gone, long before this push began.
      return joined(known, await readForward(backend, next.state, this.#options, 1));
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
  async #peek(reading: Reading): Promise<Reading | undefined> {
    try {
      const next = await readForward(this.#with.backend, reading.state, this.#options, 1, true);
      return next.state.slot > reading.state.slot ? joined(reading, next) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The verdict that the entry would get, when it is not worth a record; `undefined` when something of it would be applied. */
export function hopeless(state: State, entry: RecordEntry): Verdict | undefined {
  const verdict = judge(state, entry) ?? { slot: state.slot, letters: "r" };
  return verdict.letters.includes("a") ? undefined : verdict;
}

/**
 * The verdict on a push that is not worth a record. Once others may carry it, only that it is void for ever counts; and when
 * it may have been judged in a slot whose verdicts are forgotten, nobody can tell.
 */
function refusalOf(state: State, { entry, combiner }: Contestant): Verdict | undefined {
  const refusal = hopeless(state, entry);
  const { leftSlot } = combiner;
  if (leftSlot === undefined) return refusal;
  if (judge(state, entry) !== undefined) return undefined;
  if (state.horizon > leftSlot) throw unknownOutcome("too many pushes came in between to tell what became of this one");
  return refusal;
}

export function unknownOutcome(message: string, cause?: unknown): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", message, {
    cause,
    hint: "run `git fetch` to see whether it was, then push again if it was not",
  });
}
