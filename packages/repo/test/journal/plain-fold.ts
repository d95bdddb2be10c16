import type { TrunkRecord } from "../../src/format/record.ts";

/**
 * The fold of docs/format.md, 4, once more and by another hand: as plain and as slow as may be, to hold the real one
 * against. Shares nothing with it but the shape of records.
 */
export interface PlainState {
  slot: number;
  head: string;
  refs: Record<string, { id: string; peeledId?: string }>;
  packs: { text: string; slot: number; size: number }[];
  retired: { text: string; slot: number }[];
  verdicts: { id: string; slot: number; letters: string }[];
  doomed: { key: string; slot: number }[];
  horizon: number;
  dropped: number;
  unproved: number;
  primary: string | undefined;
  mirrors: { name: string; text: string }[];
}

type Entry = TrunkRecord["entries"][number];

export function plainStart(): PlainState {
  const lists = { refs: {}, packs: [], retired: [], verdicts: [], doomed: [], primary: undefined, mirrors: [] };
  return { slot: -1, head: "refs/heads/main", ...lists, horizon: -1, dropped: -1, unproved: -1 };
}

export function plainFold(before: PlainState, record: TrunkRecord, doomedKeys: readonly string[]): PlainState {
  const state = structuredClone(before);
  state.slot++;
  const { slot } = state;
  for (const key of doomedKeys) {
    state.doomed = [...state.doomed.filter((one) => one.key !== key), { key, slot }];
    state.retired = state.retired.filter(({ text }) => !keysOf(text).includes(key));
  }
  for (const name of record.retired) {
    const text = name.kind === "record" ? `record ${name.slot}` : `${name.kind} ${name.id}`;
    if (!state.packs.some((pack) => pack.text === text)) continue;
    state.packs = state.packs.filter((pack) => pack.text !== text);
    state.retired = [...state.retired.filter((one) => one.text !== text), { text, slot }];
  }
  for (const { id, size } of record.segments) enter(state, `segment ${id}`, size);
  if (record.drop) state.dropped = slot;
  for (const name of record.map?.removed ?? []) state.mirrors = state.mirrors.filter((one) => one.name !== name);
  for (const { name, mode, url } of record.map?.mirrors ?? [])
    state.mirrors = [...state.mirrors.filter((one) => one.name !== name), { name, text: `${name} ${mode} ${url}` }];
  if (record.map?.primary) state.primary = `${record.map.primary.name} ${record.map.primary.url}`;
  state.mirrors = state.mirrors.filter(({ name }) => !state.primary?.startsWith(`${name} `));
  state.mirrors.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of record.entries) judge(state, entry);
  forget(state);
  return state;
}

function keysOf(text: string): string[] {
  const [kind, value] = text.split(" ") as [string, string];
  if (kind === "segment") return [`objects/${value}.pack`, `objects/${value}.idx`];
  return [
    kind === "intent" ? `intents/${value}` : `journal/${String(999_999_999_999_999 - Number(value)).padStart(15, "0")}`,
  ];
}

function enter(state: PlainState, text: string, size: number): void {
  state.retired = state.retired.filter((one) => one.text !== text);
  state.packs = [...state.packs.filter((one) => one.text !== text), { text, slot: state.slot, size }];
}

function judge(state: PlainState, entry: Entry): void {
  const { slot } = state;
  if (state.verdicts.some(({ id }) => id === entry.id)) return;
  if (entry.last < slot || entry.basis < state.horizon || entry.basis >= slot) return;
  const packs = entry.segments.map(({ id, size }) => ({ text: `segment ${id}`, size }));
  if (entry.inline)
    packs.push({ text: entry.carried ? `intent ${entry.id}` : `record ${slot}`, size: entry.inline.size });
  const letters = lettersOf(
    state,
    entry,
    packs.flatMap(({ text }) => keysOf(text)),
  );
  const same = [...letters].every((letter) => letter === letters[0]);
  state.verdicts.push({ id: entry.id, slot, letters: same ? (letters[0] as string) : letters });
  if (!letters.includes("a")) return;
  for (const { text, size } of packs) enter(state, text, size);
  if (entry.unproved) state.unproved = slot;
}

function lettersOf(state: PlainState, entry: Entry, keys: readonly string[]): string {
  if (state.doomed.some(({ key }) => keys.includes(key))) return "r";
  const values = Object.values(state.refs).map(({ id }) => id);
  if (state.dropped > entry.basis && (entry.assumed === "*" || entry.assumed.some((id) => !values.includes(id))))
    return "r";
  const refs = { ...state.refs };
  let letters = "";
  for (const { ref, oldId, newId, peeledId } of entry.moves) {
    const names = Object.keys(refs);
    if (refs[ref]?.id !== oldId) letters += "s";
    else if (newId === undefined) {
      letters += "a";
      delete refs[ref];
    } else if (oldId === undefined && names.some((name) => name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`))) {
      letters += "c";
    } else {
      letters += "a";
      refs[ref] = peeledId === undefined ? { id: newId } : { id: newId, peeledId };
    }
  }
  const headFits = entry.head?.oldTarget === state.head;
  if (entry.head) letters += headFits ? "a" : "s";
  if (letters === "") return "a";
  if (entry.atomic && /[sc]/.test(letters)) return letters.replaceAll("a", "x");
  state.refs = refs;
  if (entry.head && headFits) state.head = entry.head.newTarget;
  return letters;
}

function forget(state: PlainState): void {
  state.horizon = Math.max(state.horizon, state.slot - 4096);
  const keep = () => {
    state.verdicts = state.verdicts.filter(({ slot }) => slot > state.horizon);
    state.doomed = state.doomed.filter(({ slot }) => slot > state.horizon);
  };
  keep();
  while (state.verdicts.length > 65_536) {
    state.horizon = Math.min(...state.verdicts.slice(0, 1).map(({ slot }) => slot));
    keep();
  }
}
