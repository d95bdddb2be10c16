import { isContainer } from "../../src/format/container.ts";
import { recordKeySlot } from "../../src/format/key.ts";
import { packKeys, packNameOfKey, packNameText } from "../../src/format/pack-name.ts";
import { decodeSlot, type RecordEntry } from "../../src/format/record.ts";
import { encodeSnapshot } from "../../src/format/snapshot.ts";
import type { CataloguePack, State } from "../../src/format/state.ts";
import { decodeText } from "../../src/format/text.ts";
import type { Code } from "./code.ts";
import { ancestry, type Commits } from "./commits.ts";
import { largeIn } from "./large-files.ts";
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
  /** How many pushes were judged in the record of another writer. */
  carried = 0;
  readonly #code: Code;
  readonly #commits: Commits;
  readonly #store: SimulatedStore;
  readonly #unborn: State;
  readonly #digests: string[] = [];
  readonly #told = new Map<string, Told>();
  /** Called for each push that a record judges: its name, and which of the slot's entries it is. */
  onJudged: (push: string, slot: number, index: number) => void = () => {};
  /** When packs left the catalogue. */
  readonly #retiredMs = new Map<string, number>();
  /** What the packs in the store's files hold. */
  readonly #objects = new WeakMap<Uint8Array, readonly string[]>();
  /** What large blobs are made of, by the containers that hold their manifests. */
  readonly #needed = new WeakMap<Uint8Array, ReadonlyMap<string, readonly string[]>>();
  readonly #snapshots = new Map<number, Uint8Array>();
  /** Verdicts by the writers' names for their pushes. */
  readonly #verdicts = new Map<string, { readonly slot: number; readonly letters: string }[]>();

  constructor(code: Code, commits: Commits, store: SimulatedStore, unborn: State) {
    this.#code = code;
    this.#commits = commits;
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

  /** A push is named by its author's line, which is unique to it. */
  tell(push: string, told: Told): void {
    this.#told.set(push, told);
    this.#checkTold(push);
  }

  /** What a reader was given: the state of its slot, and no older than what was there when it began. */
  checkReading(state: State, leastSlot: number): void {
    if (state.slot < leastSlot) throw new Violation(`a reader saw slot ${state.slot} when ${leastSlot} was filled`);
    const expected = this.states[state.slot] ?? this.#unborn;
    if (state === expected) return;
    const bytes = this.#snapshots.get(state.slot) ?? encodeSnapshot(expected);
    this.#snapshots.set(state.slot, bytes);
    if (Buffer.compare(encodeSnapshot(state), bytes) !== 0)
      throw new Violation(`a reader has another state of slot ${state.slot}`);
  }

  /** Whether a ref of any state from `first` on had another value than `oldId`, or a name in the way. */
  checkRefusal(ref: string, oldId: string | undefined, verdict: string, first: number): void {
    const states = this.states.slice(Math.max(0, first));
    const isJust = verdict !== "stale" || states.some((state) => state.refs.get(ref)?.id !== oldId);
    if (!isJust) throw new Violation(`${ref} was called stale, and always was what the push expected`);
  }

  #changed(key: string): void {
    const slot = recordKeySlot(key);
    this.#checkGrace(key);
    if (slot !== undefined) this.#checkSlot(slot, key);
    if (slot !== undefined || /^(objects|chunks|intents)\//.test(key)) this.#checkObjects();
  }

  /** What was in the catalogue less than a grace time ago stays: somebody may be about to read it. */
  #checkGrace(key: string): void {
    const name = packNameOfKey(key);
    const retiredMs = name === undefined ? undefined : this.#retiredMs.get(packNameText(name));
    if (retiredMs === undefined || name === undefined) return;
    const { bytes } = this.#store.keys.get(key) ?? {};
    if (bytes !== undefined && (name.kind !== "record" || isRecord(bytes, name.slot))) return;
    const agoMs = this.#store.nowMs - retiredMs;
    if (agoMs < graceMs) throw new Violation(`${key} went ${Math.round(agoMs / 1000)} s after it was retired`);
  }

  #checkSlot(slot: number, key: string): void {
    const stored = this.#store.keys.get(key);
    // To empty a slot is against the rules; what is a violation is what comes of it.
    if (stored === undefined) return;
    const content = decodeSlot(stored.bytes, slot);
    const digest = content.kind === "stub" ? content.recordDigest : content.digest;
    if (slot < this.#digests.length) {
      if (digest !== this.#digests[slot]) throw new Violation(`slot ${slot} was filled anew`);
      return;
    }
    if (slot !== this.#digests.length || content.kind === "stub") throw new Violation(`a hole before slot ${slot}`);
    this.#digests.push(digest);
    const { record } = content;
    const lists = record.doomLists.map((list) =>
      decodeText(this.#store.keys.get(list.key)?.bytes ?? new Uint8Array(0)),
    );
    const doomedKeys = [...record.doomed, ...lists.flatMap((list) => list.split("\n").filter(Boolean))];
    const before = this.state;
    this.states.push(this.#code.fold(this.state, [{ record, digest, doomedKeys }]));
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

  /** All that the refs reach must be in the packs of the catalogue, as the store has them now. */
  #checkObjects(): void {
    const present = new Set([...this.state.packs.values()].flatMap((pack) => this.#objectsIn(pack)));
    for (const { pack, name } of this.state.packs.values()) {
      const [bytes, index] = packKeys(name).map((key) => this.#store.keys.get(key)?.bytes);
      if (!isContainer(pack) || bytes === undefined || index === undefined) continue;
      const needed = this.#needed.get(bytes) ?? largeIn(pack, bytes, index);
      this.#needed.set(bytes, needed);
      for (const [id, parts] of needed) if (parts.every((part) => present.has(part))) present.add(id);
    }
    const seen = new Set<string>();
    for (const [ref, { id }] of this.state.refs) {
      for (const commit of ancestry(this.#commits, id)) {
        if (seen.has(commit)) break;
        seen.add(commit);
        const missing = this.#commits.objectsOf(commit).find((object) => !present.has(object));
        if (missing !== undefined) throw new Violation(`${ref} reaches ${missing}, which is not in the store`);
      }
    }
  }

  #objectsIn(catalogued: CataloguePack): readonly string[] {
    const { name, pack } = catalogued;
    const files = packKeys(name).map((key) => this.#store.keys.get(key)?.bytes);
    const [file, index] = files;
    if (file === undefined || files.includes(undefined)) return [];
    const known = this.#objects.get(file);
    if (known !== undefined) return known;
    const isGone = name.kind === "record" && !isRecord(file, name.slot);
    const objects = isGone ? [] : this.#commits.idsIn(catalogued, file.subarray(file.length - pack.size), index);
    this.#objects.set(file, objects);
    return objects;
  }
}

/** What a push is told for each letter of a verdict. */
const words: Record<string, string> = { a: "applied", s: "stale", c: "conflict", x: "aborted" };

function isRecord(bytes: Uint8Array, slot: number): boolean {
  return decodeSlot(bytes, slot).kind === "record";
}
