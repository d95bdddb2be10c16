import type { MapChange, Mirror } from "../../src/format/mirror-map.ts";
import { encodeRecord, type RecordEntry, type TrunkRecord } from "../../src/format/record.ts";
import type { FoldInput } from "../../src/journal/fold.ts";
import { entry, inlineOf, name, oid, recordAfter, segment, unborn } from "../samples.ts";
import type { SeededRandom } from "../seeded-random.ts";
import { type PlainState, plainFold, plainStart } from "./plain-fold.ts";

/** Few names, many of which are in one another's way. */
const refNames = ["a", "a/b", "a/b/c", "b", "b/a", "c", "größe", "\uDCFF"].map((one) => `refs/heads/${one}`);

export interface History {
  readonly inputs: readonly FoldInput[];
  /** What the plain fold says of each slot. */
  readonly states: readonly PlainState[];
}

/** A journal in which everything happens that a record can say, often with success and often without. */
export function randomHistory(random: SeededRandom, length: number): History {
  const inputs: FoldInput[] = [];
  const states: PlainState[] = [];
  const entries: RecordEntry[] = [];
  let previous: string | undefined;
  for (let slot = 0; slot < length; slot++) {
    const before = states.at(-1) ?? plainStart();
    const fields = { slot, ...randomUpkeep(random, before), entries: randomEntries(random, before, entries) };
    const record = recordAfter(unborn, { ...fields, ...(previous === undefined ? {} : { previous }) });
    const own = record.entries.find((one) => !one.carried && one.inline);
    const { digest } = encodeRecord(record, own && Uint8Array.of(Number(own.inline?.objectCount)));
    inputs.push({ record, digest, doomedKeys: record.doomed });
    states.push(plainFold(before, record, record.doomed));
    entries.push(...record.entries);
    previous = digest;
  }
  return { inputs, states };
}

function randomUpkeep(random: SeededRandom, state: PlainState): Partial<TrunkRecord> {
  if (!random.chance(0.2)) return {};
  const some = <Item>(items: readonly Item[]) => items.filter(() => random.chance(0.3));
  const retired = some(state.packs).map(({ text }) => packNameOf(text));
  return {
    retired: random.chance(0.2) ? [...retired, { kind: "segment", id: name(999) }] : retired,
    segments: random.chance(0.5) ? [segment(random.between(0, 60))] : [],
    drop: random.chance(0.3),
    doomed: some([
      ...state.retired.map(({ text }) => keyOf(text)),
      `objects/${name(random.between(0, 60))}.idx`,
      "refs/other",
    ]),
    map: random.chance(0.3) ? randomMapChange(random) : undefined,
  };
}

function randomMapChange(random: SeededRandom): MapChange {
  const names = ["a", "b", "c-1", "d"];
  const place = (name: string) => ({ name, url: `s3://bucket-${random.between(0, 3)}/app` });
  const mirrors = names
    .filter(() => random.chance(0.3))
    .map((name): Mirror => ({ ...place(name), mode: random.chance(0.5) ? "strict" : "lagging" }));
  const primary = random.chance(0.3) || mirrors.length === 0 ? place(random.pick(names)) : undefined;
  return { removed: names.filter(() => random.chance(0.3)), mirrors, primary };
}

function packNameOf(text: string): TrunkRecord["retired"][number] {
  const [kind, value] = text.split(" ") as [string, string];
  return kind === "record" ? { kind, slot: Number(value) } : { kind: kind as "segment" | "intent", id: value };
}

function keyOf(text: string): string {
  const [kind, value] = text.split(" ") as [string, string];
  if (kind === "segment") return `objects/${value}.pack`;
  return kind === "intent" ? `intents/${value}` : `journal/${999_999_999_999_999 - Number(value)}`;
}

function randomEntries(random: SeededRandom, state: PlainState, earlier: readonly RecordEntry[]): RecordEntry[] {
  let hasInline = false;
  return Array.from({ length: random.between(0, 4) }, () => {
    if (earlier.length > 0 && random.chance(0.1)) return { ...random.pick(earlier), carried: true };
    const carried = random.chance(0.3);
    const one = randomEntry(random, state, carried, carried || !hasInline);
    hasInline ||= !carried && one.inline !== undefined;
    return one;
  });
}

function randomEntry(random: SeededRandom, state: PlainState, carried: boolean, mayInline: boolean): RecordEntry {
  const basis = random.chance(0.9) ? random.between(-1, state.slot + 1) : state.slot + random.between(0, 4);
  const values = Object.values(state.refs).map(({ id }) => id);
  const pack = Uint8Array.of(1);
  return entry({
    carried,
    basis,
    last: random.chance(0.9) ? basis + 4096 : random.between(0, state.slot + 3),
    atomic: random.chance(0.3),
    unproved: random.chance(0.1),
    assumed: random.chance(0.2) ? "*" : [...values, oid(random.between(1, 9))].filter(() => random.chance(0.2)),
    moves: Array.from({ length: random.between(0, 4) }, () => randomMove(random, state)),
    ...(random.chance(0.2)
      ? { head: { oldTarget: random.pick([state.head, ...refNames]), newTarget: random.pick(refNames) } }
      : {}),
    ...(random.chance(0.3)
      ? { segments: [segment(random.between(0, 60))] }
      : mayInline && random.chance(0.5)
        ? { inline: inlineOf(pack) }
        : {}),
  });
}

function randomMove(random: SeededRandom, state: PlainState): RecordEntry["moves"][number] {
  const ref = random.pick(refNames);
  const oldId = random.chance(0.8) ? state.refs[ref]?.id : random.pick([undefined, oid(random.between(1, 9))]);
  const newId = random.chance(0.7) ? oid(random.between(1, 9)) : undefined;
  return {
    ref,
    oldId,
    newId,
    ...(newId !== undefined && random.chance(0.1) ? { peeledId: oid(random.between(1, 9)) } : {}),
  };
}
