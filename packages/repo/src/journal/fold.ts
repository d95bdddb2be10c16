import { TrunksError } from "@trunks/core";
import { type ForgottenBlob, isContainer, type Lean } from "../format/container.ts";
import type { RefMove } from "../format/entry.ts";
import { damaged } from "../format/headed-file.ts";
import { recordKey } from "../format/key.ts";
import { changedMap, emptyMap, type MirrorMap } from "../format/mirror-map.ts";
import { type PackName, packKeys, packNameOfKey, packNameText } from "../format/pack-name.ts";
import { noRecordDigest, type RecordEntry, type TrunkRecord } from "../format/record.ts";
import type { CataloguePack, Ref, State, Verdict } from "../format/state.ts";
import type { TrunkFile } from "../format/trunk-file.ts";
import { OverlayMap } from "../overlay-map.ts";
import { RefTree } from "./ref-tree.ts";

/** How many slots back verdicts are remembered, at least while there are fewer than `maxVerdicts`. */
export const verdictWindow = 4096;
const maxVerdicts = 65_536;

/** A record as the fold wants it: the keys of doom lists are read already. */
export interface FoldInput {
  readonly record: TrunkRecord;
  readonly digest: string;
  readonly doomedKeys: readonly string[];
}

/** The state before the first record. */
export function emptyState(trunk: TrunkFile): State {
  return {
    trunkId: trunk.id,
    objects: trunk.objects,
    slot: -1,
    recordDigest: noRecordDigest,
    head: "refs/heads/main",
    refs: new Map(),
    packs: new Map(),
    retired: new Map(),
    verdicts: new Map(),
    doomed: new Map(),
    horizon: -1,
    dropped: -1,
    unproved: -1,
    map: emptyMap,
  };
}

/**
 * The state behind the records, which follow `state` one by one. Pure: docs/format.md, 4, is its specification.
 * Throws `CORRUPT` when a record does not belong there.
 */
export function fold(state: State, inputs: readonly FoldInput[]): State {
  if (inputs.length === 0) return state;
  const next = new Fold(state);
  for (const input of inputs) next.apply(input);
  return next.state();
}

/** What the fold would say of `entry` in the slot behind `state`. */
export function judge(state: State, entry: RecordEntry): Verdict | undefined {
  const next = new Fold(state);
  next.judge(entry, state.slot + 1);
  return next.verdicts.get(entry.id);
}

class Fold {
  readonly #base: State;
  readonly #refs: RefTree;
  readonly #packs: OverlayMap<string, CataloguePack>;
  readonly #retired: OverlayMap<string, { readonly name: PackName; readonly slot: number }>;
  readonly verdicts: OverlayMap<string, Verdict>;
  readonly #doomed: OverlayMap<string, number>;
  #slot: number;
  #recordDigest: string;
  #head: string;
  #horizon: number;
  #dropped: number;
  #unproved: number;
  #map: MirrorMap;

  constructor(state: State) {
    this.#base = state;
    this.#refs = new RefTree(state.refs);
    this.#packs = new OverlayMap(state.packs);
    this.#retired = new OverlayMap(state.retired);
    this.verdicts = new OverlayMap(state.verdicts);
    this.#doomed = new OverlayMap(state.doomed);
    this.#slot = state.slot;
    this.#recordDigest = state.recordDigest;
    this.#head = state.head;
    this.#horizon = state.horizon;
    this.#dropped = state.dropped;
    this.#unproved = state.unproved;
    this.#map = state.map;
  }

  apply({ record, digest, doomedKeys }: FoldInput): void {
    this.#checkPlace(record);
    this.#upkeep(record, doomedKeys);
    for (const entry of record.entries) this.judge(entry, record.slot);
    this.#forget(record.slot);
    this.#slot = record.slot;
    this.#recordDigest = digest;
  }

  state(): State {
    return {
      trunkId: this.#base.trunkId,
      objects: this.#base.objects,
      slot: this.#slot,
      recordDigest: this.#recordDigest,
      head: this.#head,
      refs: this.#refs.refs,
      packs: this.#packs,
      retired: this.#retired,
      verdicts: this.verdicts,
      doomed: this.#doomed,
      horizon: this.#horizon,
      dropped: this.#dropped,
      unproved: this.#unproved,
      map: this.#map,
    };
  }

  #checkPlace(record: TrunkRecord): void {
    const key = recordKey(this.#slot + 1);
    if (record.trunkId !== this.#base.trunkId) throw damaged(key, "it belongs to another trunk");
    if (record.objects !== this.#base.objects)
      throw damaged(key, `it is of a ${record.objects} repository, and this is ${this.#base.objects}`);
    if (record.slot !== this.#slot + 1)
      throw damaged(key, `it is the record of slot ${record.slot}, not ${this.#slot + 1}`);
    if (record.previous !== this.#recordDigest) {
      throw new TrunksError(
        "CORRUPT",
        `${key} does not follow the record that was in slot ${this.#slot}: the trunk was replaced or rolled back`,
        {
          hint: "if the store was restored from a backup on purpose, remove the folder `trunks` in your .git folder and fetch again",
        },
      );
    }
  }

  #upkeep(record: TrunkRecord, doomedKeys: readonly string[]): void {
    const { slot } = record;
    for (const key of doomedKeys) {
      setLast(this.#doomed, key, slot);
      const name = packNameOfKey(key);
      if (name !== undefined) this.#retired.delete(packNameText(name));
    }
    for (const name of record.retired) {
      const text = packNameText(name);
      if (this.#packs.delete(text)) setLast(this.#retired, text, { name, slot });
    }
    for (const pack of record.segments) this.#enter({ name: { kind: "segment", id: pack.id }, slot, pack });
    for (const forgotten of record.forgotten ?? []) this.#forgetBlob(forgotten);
    if (record.drop) this.#dropped = slot;
    if (record.map !== undefined) this.#map = changedMap(this.#map, record.map);
  }

  #forgetBlob({ container, blob }: ForgottenBlob): void {
    const text = packNameText({ kind: "container", id: container });
    const found = this.#packs.get(text);
    if (found === undefined || !isContainer(found.pack)) return;
    const large = found.pack.large.filter(({ id }) => id !== blob);
    this.#packs.set(text, { ...found, pack: { ...found.pack, large } });
  }

  #enter(pack: CataloguePack): void {
    const text = packNameText(pack.name);
    this.#retired.delete(text);
    setLast(this.#packs, text, pack);
  }

  judge(entry: RecordEntry, slot: number): void {
    if (this.verdicts.has(entry.id) || entry.last < slot) return;
    if (entry.basis < this.#horizon || entry.basis >= slot) return;
    const names = entryPacks(entry, slot);
    if (this.#mustRetry(entry, names)) {
      this.verdicts.set(entry.id, { slot, letters: "r" });
      return;
    }
    const letters = this.#move(entry);
    this.verdicts.set(entry.id, { slot, letters: shorten(letters) });
    if (!letters.includes("a")) return;
    for (const pack of names) this.#enter(pack);
    if (entry.unproved) this.#unproved = slot;
  }

  #mustRetry(entry: RecordEntry, packs: readonly CataloguePack[]): boolean {
    if (this.#doomed.size > 0 && packs.some(({ name }) => packKeys(name).some((key) => this.#doomed.has(key))))
      return true;
    if (entry.leans?.some((lean) => !this.#bears(lean))) return true;
    if (this.#dropped <= entry.basis) return false;
    if (entry.assumed === "*") return true;
    const gone = new Set(entry.assumed);
    if (gone.size > 0) for (const { id } of this.#refs.refs.values()) gone.delete(id);
    return gone.size > 0;
  }

  /** Whether what an entry leans on is in the catalogue. */
  #bears({ container, blob }: Lean): boolean {
    const found = this.#packs.get(packNameText({ kind: "container", id: container }))?.pack;
    if (found === undefined || !isContainer(found)) return false;
    return blob === undefined || found.large.some(({ id }) => id === blob);
  }

  /** Applies the moves and answers their letters. */
  #move(entry: RecordEntry): string {
    const undo: [string, Ref | undefined][] = [];
    let letters = "";
    for (const move of entry.moves) {
      const before = this.#refs.refs.get(move.ref);
      const letter = this.#moveOne(move, before);
      if (letter === "a") undo.push([move.ref, before]);
      letters += letter;
    }
    if (entry.head !== undefined) letters += entry.head.oldTarget === this.#head ? "a" : "s";
    if (letters === "") return "a";
    if (entry.atomic && /[^a]/.test(letters)) {
      for (const [name, ref] of undo.reverse()) this.#refs.set(name, ref);
      return letters.replaceAll("a", "x");
    }
    if (entry.head !== undefined && letters.endsWith("a")) this.#head = entry.head.newTarget;
    return letters;
  }

  #moveOne(move: RefMove, before: Ref | undefined): "a" | "s" | "c" {
    if (before?.id !== move.oldId) return "s";
    if (move.newId !== undefined && before === undefined && this.#refs.conflicts(move.ref)) return "c";
    this.#refs.set(move.ref, move.newId === undefined ? undefined : refOf(move.newId, move.peeledId));
    return "a";
  }

  #forget(slot: number): void {
    this.#horizon = Math.max(this.#horizon, slot - verdictWindow);
    let count = this.verdicts.size;
    for (const [id, verdict] of this.verdicts) {
      if (count > maxVerdicts) this.#horizon = Math.max(this.#horizon, verdict.slot);
      if (verdict.slot > this.#horizon) break;
      this.verdicts.delete(id);
      count--;
    }
    for (const [key, doomedSlot] of this.#doomed) {
      if (doomedSlot > this.#horizon) break;
      this.#doomed.delete(key);
    }
  }
}

/** Sets a value at the end: these maps are in the order of slots. */
function setLast<Value>(map: OverlayMap<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

function refOf(id: string, peeledId: string | undefined): Ref {
  return peeledId === undefined ? { id } : { id, peeledId };
}

/** The packs that an entry brings when it is applied in `slot`. */
export function entryPacks(entry: RecordEntry, slot: number): CataloguePack[] {
  const segments = entry.segments.map(
    (pack): CataloguePack => ({ name: { kind: "segment", id: pack.id }, slot, pack }),
  );
  const containers = (entry.containers ?? []).map(
    (pack): CataloguePack => ({ name: { kind: "container", id: pack.id }, slot, pack }),
  );
  if (entry.inline === undefined) return [...segments, ...containers];
  const name: PackName = entry.carried ? { kind: "intent", id: entry.id } : { kind: "record", slot };
  return [...segments, ...containers, { name, slot, pack: entry.inline }];
}

function shorten(letters: string): string {
  const first = letters[0] as string;
  return letters === first.repeat(letters.length) ? first : letters;
}
