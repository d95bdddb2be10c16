import { type Backend, type ListedKey, listPages, type RequestOptions } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import type { Entry } from "../format/entry.ts";
import { decodeIntent, encodeIntent } from "../format/intent.ts";
import { intentKey, intentKeyId, intentPrefix } from "../format/key.ts";
import { packNameText } from "../format/pack-name.ts";
import { maxEntries, type RecordEntry } from "../format/record.ts";
import type { State } from "../format/state.ts";

/** How old an intent may be to be carried, in milliseconds: whoever left it is most likely waiting still. */
const freshMs = 60_000;
/** So many writers try for a slot at once; the others wait for one of them to carry all. */
const carrierCount = 32;
/** So many slots long the same few of those who are late try first. */
const slotsOfOrder = 16;
/** Intents asked for at a time. */
const readConcurrency = 128;
/** Lines of others' entries in one record, in bytes; more are left to the next carrier. */
const maxCarriedBytes = 8 * 2 ** 20;
/** Pages of intents that are looked at. The newest come first, so that old ones cost nothing. */
const maxPages = 8;

/** An intent that was read, or `undefined` when it was no use: damaged, foreign, gone. */
type Seen = { readonly entry: Entry; readonly headerBytes: number } | undefined;

/** An entry's id: unpredictable, and such that the newest is listed first, to the second of its writer's clock. */
export function entryId(nowMs: number, randomId: string): string {
  const seconds = Math.floor(nowMs / 1000);
  return (0xffff_ffff - (seconds % 2 ** 32)).toString(16).padStart(8, "0") + randomId.slice(8);
}

/**
 * What a push does that lost a slot: it leaves an intent, so that others carry it, and carries theirs. Whatever goes wrong
 * here is no reason to fail: the push then goes on alone.
 */
export class Combiner {
  readonly #backend: Backend;
  readonly #entry: RecordEntry;
  readonly #pack: Uint8Array | undefined;
  readonly #now: () => number;
  readonly #options: RequestOptions;
  readonly #seen = new Map<string, Seen>();
  #left: Promise<void> | undefined;
  #isOver = false;
  #isAlone = false;
  #leftMs = 0;
  #leftSlot: number | undefined;
  #listed: readonly ListedKey[] = [];
  /** Those of `listed` that wait as of a state: asked for several times in a row. */
  #found: { readonly listed: readonly ListedKey[]; readonly state: State; readonly ids: string[] } | undefined;

  constructor(
    backend: Backend,
    entry: RecordEntry,
    pack: Uint8Array | undefined,
    now: () => number,
    options: RequestOptions,
  ) {
    this.#backend = backend;
    this.#entry = entry;
    this.#pack = pack;
    this.#now = now;
    this.#options = options;
  }

  /** The slot behind which others may have seen the entry: from then on only the journal knows what becomes of it. */
  get leftSlot(): number | undefined {
    return this.#leftSlot;
  }

  /** Begins to put the entry where others see it; once. */
  leave({ trunkId, objects, slot }: State): void {
    if (this.#left !== undefined) return;
    const bytes = encodeIntent({ trunkId, objects, entry: this.#entry }, this.#pack);
    this.#leftMs = this.#now();
    this.#leftSlot = slot;
    this.#left = this.#backend.create(intentKey(this.#entry.id), bytes, this.#options).then(ignored, ignored);
  }

  /** Begins to look who else waits, and to read what they left if it is for this writer to carry them. */
  look(state: State): void {
    this.#look(state).catch(ignored);
  }

  /** Looks who else waits, and reads nothing of theirs. Never throws. */
  async list(): Promise<void> {
    this.#listed = await this.#list().catch(() => this.#listed);
  }

  /** Reads what those have left who wait as of `state`, to carry them. Never throws. */
  async readWaiting(state: State): Promise<void> {
    await this.#readAll(this.#waiting(state), state).catch(ignored);
  }

  /** Ends looking: what became of the entry is known. */
  end(): void {
    this.#isOver = true;
  }

  /** Carries nobody any more: something that others left stands in the way. */
  goAlone(): void {
    this.#isAlone = true;
  }

  /**
   * Whether it is for this writer to try for the slot behind `state`; otherwise one of the others will carry it. With `polls`
   * it is one of few, the more the oftener it has looked in vain for a record of one of them.
   */
  isTurn(state: State, polls?: number): boolean {
    const waiting = this.#waiting(state);
    const count = polls === undefined ? carrierCount : fewCarriers(waiting.length, polls);
    if (waiting.length < count) return true;
    // The order changes with the slot, so that those who died waiting are not always the first; of few, less often, because
    // those who have read what the others left had better go on.
    const digit = 8 + ((polls === undefined ? state.slot + 1 : Math.floor((state.slot + 1) / slotsOfOrder)) % 24);
    const turned = (id: string) => id.slice(digit) + id;
    const own = turned(this.#entry.id);
    return waiting.filter((id) => turned(id) < own).length < count;
  }

  /** The entries of others that wait to be carried into the slot behind `state`, those that wait longest first. */
  others(state: State): RecordEntry[] {
    if (this.#isAlone) return [];
    const ids = this.#waiting(state);
    const carried: RecordEntry[] = [];
    let bytes = 0;
    for (const id of ids) {
      const seen = this.#seen.get(id);
      if (seen === undefined || !isOpen(seen.entry, state)) continue;
      bytes += seen.headerBytes;
      if (bytes > maxCarriedBytes) break;
      carried.push({ ...seen.entry, carried: true });
    }
    return carried;
  }

  /**
   * Removes the intent, unless its pack is needed: by the catalogue as of `state`, or without one by whoever has read the
   * intent and is about to carry it. Never throws.
   */
  async remove(state?: State): Promise<void> {
    if (this.#left === undefined) return;
    const key = intentKey(this.#entry.id);
    const name = packNameText({ kind: "intent", id: this.#entry.id });
    const isNeeded = state === undefined || state.packs.has(name) || state.retired.has(name);
    if (this.#entry.inline !== undefined && isNeeded) return;
    await this.#left;
    await this.#backend.delete([key], this.#options).catch(ignored);
  }

  async #look(state: State): Promise<void> {
    this.#listed = await this.#list();
    if (this.isTurn(state)) await this.#readAll(this.#waiting(state), state);
  }

  /** Fresh intents of others that no record has judged yet, those that wait longest first. */
  #waiting(state: State): string[] {
    if (this.#found?.listed !== this.#listed || this.#found.state !== state) {
      this.#found = { listed: this.#listed, state, ids: this.#findWaiting(state) };
    }
    return this.#found.ids;
  }

  #findWaiting(state: State): string[] {
    const own = this.#listed.find((key) => idOf(key) === this.#entry.id);
    // The store's clock, as far as the own intent tells it.
    const nowMs = this.#now() + (own === undefined ? 0 : own.modifiedMs - this.#leftMs);
    return this.#listed
      .filter((key) => key !== own && key.modifiedMs > nowMs - freshMs && !state.verdicts.has(idOf(key)))
      .sort((left, right) => left.modifiedMs - right.modifiedMs || (left.key < right.key ? -1 : 1))
      .slice(0, maxEntries - 1)
      .map(idOf);
  }

  async #readAll(ids: readonly string[], state: State): Promise<void> {
    const unseen = ids.filter((id) => !this.#seen.has(id));
    await mapConcurrent(unseen, readConcurrency, async (id) => {
      if (!this.#isOver) this.#seen.set(id, await this.#read(id, state));
    });
  }

  async #list(): Promise<readonly ListedKey[]> {
    const found: ListedKey[] = [];
    for await (const page of listPages(this.#backend, intentPrefix, { ...this.#options, maxPages })) {
      const keys = page.filter(({ key }) => intentKeyId(key) !== undefined);
      found.push(...keys);
      if (keys.length > 0 && keys.every(({ modifiedMs }) => modifiedMs < this.#leftMs - 2 * freshMs)) break;
    }
    return found;
  }

  async #read(id: string, state: State): Promise<Seen> {
    try {
      const content = await this.#backend.get(intentKey(id), this.#options);
      if (content === undefined) return undefined;
      const bytes = await content.bytes();
      const { trunkId, objects, entry } = decodeIntent(bytes, id);
      if (trunkId !== state.trunkId || objects !== state.objects) return undefined;
      return { entry, headerBytes: bytes.length - (entry.inline?.size ?? 0) };
    } catch {
      return undefined;
    }
  }
}

/** Each of them reads what all the others have left. */
function fewCarriers(waitingCount: number, polls: number): number {
  return Math.max(2, Math.sqrt(waitingCount)) * 2 ** Math.max(0, polls - 2);
}

/** Whether the fold would say something of the entry in the slot behind `state`. */
function isOpen(entry: Entry, { slot, horizon }: State): boolean {
  return entry.last > slot && entry.basis >= horizon && entry.basis <= slot;
}

function idOf({ key }: ListedKey): string {
  return key.slice(intentPrefix.length);
}

function ignored(): void {}
