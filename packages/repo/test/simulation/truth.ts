import { recordKeySlot } from "../../src/format/key.ts";
import { packNameOfKey, packNameText } from "../../src/format/pack-name.ts";
import type { RecordEntry } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { decodeText } from "../../src/format/text.ts";
import type { Code } from "./code.ts";
import type { Commits } from "./commits.ts";
import { Holdings } from "./holdings.ts";
import { isSameState } from "./same-state.ts";
import { primaryName } from "./scene.ts";
import { graceMs, type SimulatedStore } from "./simulated-store.ts";

/** What a push was told. `failed`: nothing was written; `repack`: neither; `unknown`: nobody knows. */
export type Told = readonly string[] | "failed" | "repack" | "unknown";

/** Something that must never happen. */
export class Violation extends Error {
  override name = "Violation";
}

/**
 * Knows everything that ever came into the journal, and holds what clients are told and what the store keeps against it:
 * no hole, no change of a slot; an acknowledged push is applied, with just the verdicts that were told; a refused or
 * failed one never; none twice; and whatever a ref names is whole in the store.
 */
export class Truth {
  readonly states: State[] = [];
  /** The newest slot in the store that was the first primary, and may be a mirror by now. */
  slotHere = -1;
  /** The last slot of which a writer was told that all mirrors have it. */
  acknowledged = -1;
  /** How many pushes were judged in the record of another writer. */
  carried = 0;
  #hasPromotions = false;
  readonly #code: Code;
  readonly #holdings: Holdings;
  readonly #store: SimulatedStore;
  readonly #unborn: State;
  readonly #digests: string[] = [];
  readonly #told = new Map<string, Told>();
  /** Called for each push that a record judges: its name, and which of the slot's entries it is. */
  onJudged: (push: string, slot: number, index: number) => void = () => {};
  /** When packs left the catalogue. */
  readonly #retiredMs = new Map<string, number>();
  /** States that readers were given, and that are what they should be. */
  readonly #checked = new WeakSet<State>();
  /** Verdicts by the writers' names for their pushes. */
  readonly #verdicts = new Map<string, { readonly slot: number; readonly letters: string }[]>();

  constructor(code: Code, commits: Commits, store: SimulatedStore, unborn: State) {
    this.#code = code;
    this.#holdings = new Holdings(code, commits, store);
    this.#store = store;
    this.#unborn = unborn;
    store.onChange = (key) => this.#changed(key);
  }

  get state(): State {
    return this.states.at(-1) ?? this.#unborn;
  }

  /** The last slot that was ever filled. */
  get slot(): number {
    return this.states.length - 1;
  }

  /** Of the record that the slot was filled with; `undefined` when it never was. */
  digest(slot: number): string | undefined {
    return this.#digests[slot];
  }

  /** A push is named by its author's line, which is unique to it. */
  tell(push: string, told: Told): void {
    this.#told.set(push, told);
    this.#checkTold(push);
  }

  /** What a reader was given: the state of its slot, and no older than what was there when it began. */
  checkReading(state: State, leastSlot: number): void {
    if (state.slot < leastSlot) throw new Violation(`a reader saw slot ${state.slot} when ${leastSlot} was filled`);
    const expected = this.states[state.slot] ?? this.#unborn;
    if (state === expected || this.#checked.has(state)) return;
    if (!isSameState(state, expected)) throw new Violation(`a reader has another state of slot ${state.slot}`);
    this.#checked.add(state);
  }

  /** Whether a ref of any state from `first` on had another value than `oldId`, or a name in the way. */
  checkRefusal(ref: string, oldId: string | undefined, verdict: string, first: number): void {
    const states = this.states.slice(Math.max(0, first));
    const isJust = verdict !== "stale" || states.some((state) => state.refs.get(ref)?.id !== oldId);
    if (!isJust) throw new Violation(`${ref} was called stale, and always was what the push expected`);
  }

  /** What the store is called whose journal decides what comes into the next slot. */
  get primary(): string {
    return this.state.map.primary?.name ?? primaryName;
  }

  /** Whether another store than the first was ever the primary. */
  get hasPromotions(): boolean {
    return this.#hasPromotions;
  }

  #changed(key: string): void {
    const slot = recordKeySlot(key);
    this.#checkGrace(key);
    if (slot !== undefined) this.#checkSlot(slot, key);
    const lack = this.#holdings.lack(this.states[this.slotHere] ?? this.#unborn, key);
    if (lack !== undefined) throw new Violation(lack);
  }

  /** What was in the catalogue less than a grace time ago stays: somebody may be about to read it. */
  #checkGrace(key: string): void {
    const name = packNameOfKey(key);
    const retiredMs = name === undefined ? undefined : this.#retiredMs.get(packNameText(name));
    if (retiredMs === undefined || name === undefined) return;
    const { bytes } = this.#store.keys.get(key) ?? {};
    if (bytes !== undefined && (name.kind !== "record" || this.#isRecord(bytes, name.slot))) return;
    const agoMs = this.#store.nowMs - retiredMs;
    if (agoMs < graceMs) throw new Violation(`${key} went ${Math.round(agoMs / 1000)} s after it was retired`);
  }

  #checkSlot(slot: number, key: string): void {
    const stored = this.#store.keys.get(key);
    // To empty a slot is against the rules; what is a violation is what comes of it.
    if (stored === undefined) return;
    const content = this.#code.decodeSlot(stored.bytes, slot);
    const digest = content.kind === "stub" ? content.recordDigest : content.digest;
    if (slot >= this.#digests.length) this.fill(slot, stored.bytes, primaryName, this.#store);
    else if (digest !== this.#digests[slot]) throw new Violation(`slot ${slot} was filled anew`);
    if (slot > this.slotHere + 1) throw new Violation(`${primaryName} has a hole before slot ${slot}`);
    this.slotHere = Math.max(slot, this.slotHere);
  }

  /** A slot that no journal had before, in the store of that name. */
  fill(slot: number, bytes: Uint8Array, name: string, store: SimulatedStore): void {
    if (name !== this.primary) throw new Violation(`${name} took slot ${slot}, and the primary is ${this.primary}`);
    const content = this.#code.decodeSlot(bytes, slot);
    if (slot !== this.#digests.length || content.kind === "stub") throw new Violation(`a hole before slot ${slot}`);
    const { record, digest } = content;
    this.#digests.push(digest);
    const lists = record.doomLists.map((list) => decodeText(store.keys.get(list.key)?.bytes ?? new Uint8Array(0)));
    const doomedKeys = [...record.doomed, ...lists.flatMap((list) => list.split("\n").filter(Boolean))];
    const before = this.state;
    this.states.push(this.#code.fold(this.state, [{ record, digest, doomedKeys }]));
    this.#hasPromotions ||= this.primary !== primaryName;
    for (const name of record.retired) {
      const text = packNameText(name);
      if (before.packs.has(text)) this.#retiredMs.set(text, this.#store.nowMs);
    }
    for (const [index, entry] of record.entries.entries()) this.#judged(entry, slot, index);
  }

  #judged(entry: RecordEntry, slot: number, index: number): void {
    const push = entry.author ?? "";
    const verdict = this.state.verdicts.get(entry.id);
    if (verdict?.slot !== slot) return;
    if (entry.carried) this.carried++;
    this.onJudged(push, slot, index);
    const verdicts = this.#verdicts.get(push) ?? [];
    this.#verdicts.set(push, [...verdicts, verdict]);
    if (verdicts.filter(({ letters }) => letters.includes("a")).length > 0 && verdict.letters.includes("a"))
      throw new Violation(`${push} was applied twice`);
    this.#checkTold(push);
  }

  #checkTold(push: string): void {
    const told = this.#told.get(push);
    if (told === undefined || told === "unknown") return;
    const letters = (this.#verdicts.get(push) ?? []).map((verdict) => verdict.letters);
    const applied = letters.find((one) => one.includes("a"));
    const isApplied = typeof told !== "string" && told.includes("applied");
    if (isApplied && applied === undefined) throw new Violation(`${push} was acknowledged, and is not in the journal`);
    if (!isApplied && applied !== undefined) throw new Violation(`${push} was told "${told}", and was applied`);
    if (isApplied && told.some((word, index) => word !== words[applied?.[index] ?? applied?.[0] ?? ""]))
      throw new Violation(`${push} was told "${told}", and its verdict is ${applied}`);
  }

  #isRecord(bytes: Uint8Array, slot: number): boolean {
    return this.#code.decodeSlot(bytes, slot).kind === "record";
  }
}

/** What a push is told for each letter of a verdict. */
const words: Record<string, string> = { a: "applied", s: "stale", c: "conflict", x: "aborted" };
