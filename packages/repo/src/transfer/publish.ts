import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import type { Entry, RefMove } from "../format/entry.ts";
import { encodeRecord, type RecordEntry, type TrunkRecord } from "../format/record.ts";
import type { State, Verdict } from "../format/state.ts";
import { fold, judge, verdictWindow } from "../journal/fold.ts";
import { type Reading, readForward } from "../journal/read.ts";
import type { Sleep } from "../journal/sleep.ts";
import type { ReadRecord } from "../journal/slots.ts";
import { Mirrors } from "../mirror/mirrors.ts";
import { sha256Hex } from "../platform.ts";
import { type SegmentBody, uploadSegments } from "./segment-upload.ts";

/** In bytes. A pack up to this size travels inside its record. */
export const inlinePackLimit = 2 ** 20;

/** One push, as its caller wants it. */
export interface Publication {
  readonly moves: readonly RefMove[];
  readonly head?: { readonly oldTarget: string; readonly newTarget: string };
  /** All moves or none. Default false. */
  readonly atomic?: boolean;
  /** Everything that the new values reach and the assumed ones do not; none when nothing is new. */
  readonly pack?: PublicationPack;
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
}

/** Puts pushes in the journal. */
export class Publisher {
  readonly #backend: Backend;
  readonly #now: () => number;
  readonly #mirrors: Mirrors;
  readonly #newId: () => string;

  constructor(backend: Backend, options: PublisherOptions) {
    this.#backend = backend;
    this.#now = options.now;
    this.#mirrors = options.mirrors ?? new Mirrors(backend, { sleep: options.sleep });
    this.#newId = options.newId;
  }

  /**
   * Publishes behind `state`; the reading is what was learnt of the journal after it. A push is refused only by a state
   * that was read after this was called, and before its segments are uploaded if it can be.
   */
  async publish(
    state: State,
    publication: Publication,
    options: RequestOptions = {},
  ): Promise<{ outcome: PublishOutcome; reading: Reading }> {
    const draft = this.#draft(publication);
    let reading = hopeless(state, draft) ? await readForward(this.#backend, state, options) : { state, records: [] };
    const refusal = hopeless(reading.state, draft);
    if (refusal !== undefined) return { outcome: outcomeOf(refusal, draft, reading.state), reading };
    const { pack: body } = publication;
    const pack = body?.kind === "inline" ? body.bytes : undefined;
    const bodies = body?.kind === "segments" ? body.segments : [];
    const uploads = this.#mirrors.uploads(reading.state.map);
    const entry = { ...draft, segments: await uploadSegments(uploads, bodies, this.#newId, options) };
    for (;;) {
      const settled = reading.state.verdicts.get(entry.id) ?? hopeless(reading.state, entry);
      if (settled !== undefined) return { outcome: outcomeOf(settled, entry, reading.state), reading };
      reading = await this.#attempt(reading, entry, pack, options);
    }
  }

  /** Tries for the slot behind `reading`, and reads on when another writer has it. */
  async #attempt(
    reading: Reading,
    entry: RecordEntry,
    pack: Uint8Array | undefined,
    options: RequestOptions,
  ): Promise<Reading> {
    const { state } = reading;
    const record = recordOf(state, entry);
    const encoded = encodeRecord(record, pack);
    const won = await this.#mirrors.append(state, record, encoded, options);
    if (won) {
      const own: ReadRecord = { record, digest: encoded.digest, doomedKeys: [], pack };
      return { state: fold(state, [own]), records: [...reading.records, own] };
    }
    const next = await readForward(this.#backend, state, options);
    if (next.state.slot > state.slot) return { state: next.state, records: [...reading.records, ...next.records] };
    throw new TrunksError(
      "CORRUPT",
      "the store refused a record as present and then had none: it does not keep create-if-absent",
      {
        hint: "run `trunks verify URL` on this store",
      },
    );
  }

  /** The entry without its segments. */
  #draft(publication: Publication): RecordEntry {
    const { pack, basis } = publication;
    return {
      id: this.#newId(),
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

function recordOf(state: State, entry: RecordEntry): TrunkRecord {
  return {
    trunkId: state.trunkId,
    objects: state.objects,
    slot: state.slot + 1,
    previous: state.recordDigest,
    retired: [],
    segments: [],
    drop: false,
    doomed: [],
    doomLists: [],
    entries: [entry],
  };
}

/** The verdict that the entry would get, when it is not worth a record; `undefined` when something of it would be applied. */
function hopeless(state: State, entry: RecordEntry): Verdict | undefined {
  const verdict = judge(state, entry) ?? { slot: state.slot, letters: "r" };
  return verdict.letters.includes("a") ? undefined : verdict;
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
