import type { Segment } from "../../../src/format/pack-name.ts";
import type { RecordEntry } from "../../../src/format/record.ts";
import type { State } from "../../../src/format/state.ts";
import { isCurrent } from "../../../src/upkeep/upkeep-record.ts";
import { entry, name, oid, segment } from "../../samples.ts";
import { appended, keyOf, numberOf, type RecordContent, type Rules, Violation, type World, withPack } from "./world.ts";

/** Somebody who uses the trunk, and what they know. What they do next, and when, is left open. */
export type Actor = Writer | Deleter | Collector | Sweeper | Reader | Stubber;

interface Base {
  /** The slot up to which the journal was read; -1 at first. */
  readonly seen: number;
  readonly at: string;
}
interface Writer extends Base {
  readonly kind: "writer";
  readonly basis: number;
  readonly packing: number;
  readonly answersLost: number;
  readonly told?: string;
}
interface Deleter extends Base {
  readonly kind: "deleter";
}
interface Collector extends Base {
  readonly kind: "collector";
  readonly basis: number;
  readonly number: number;
}
interface Sweeper extends Base {
  readonly kind: "sweeper";
  readonly victims: readonly number[];
}
interface Reader extends Base {
  readonly kind: "reader";
}
interface Stubber extends Base {
  readonly kind: "stubber";
}

/** What may happen next because of one actor. */
export type Step = readonly [what: string, world: World];

const maxPackings = 2;

export function stepsOf(world: World, index: number, rules: Rules): Step[] {
  const actor = world.actors[index] as Actor;
  if (actor.at === "end") return [];
  const become = (next: Partial<Actor>, rest: World = world): World => ({
    ...rest,
    actors: rest.actors.with(index, { ...actor, ...next } as Actor),
  });
  const steps = {
    writer: () => writerSteps(actor as Writer, world, become, rules),
    deleter: () => deleterSteps(actor as Deleter, world, become, rules),
    collector: () => collectorSteps(actor as Collector, world, become, rules),
    sweeper: () => sweeperSteps(actor as Sweeper, world, become, rules),
    reader: () => readerSteps(actor as Reader, world, become, rules),
    stubber: () => stubberSteps(world, become, rules),
  }[actor.kind]();
  return steps.map(([what, next]) => [`${actor.kind} ${index}: ${what}`, next]);
}

type Become = (next: Partial<Actor>, rest?: World) => World;

const newest = ({ journal }: World) => journal.length - 1;

/** Makes a branch on top of `b`, in a new pack; packs again when it is sent back. */
function writerSteps(writer: Writer, world: World, become: Become, rules: Rules): Step[] {
  const { lapses, code } = rules;
  const { seen, at } = writer;
  if (at === "read") return [["reads", become({ at: "upload", seen: newest(world), basis: newest(world) })]];
  const push = pushOf(writer, world, rules);
  if (at === "upload") {
    const pack = numberOf((push.segments[0] as Segment).id);
    const published = become({ at: "publish" });
    return [
      ["uploads", become({ at: "publish" }, withPack(world, pack))],
      ...(lapses.forgetsUpload ? [["does not upload", published] as const] : []),
    ];
  }
  /** Reads on, and finds out what it can. */
  const readOn = (forgetful = false): Step[] => {
    const state = rules.state(world.journal);
    const own = forgetful ? undefined : state.verdicts.get(push.id);
    const asked = forgetful ? { ...push, id: name(999) } : push;
    const letters = (own ?? code.judge(state, asked))?.letters ?? "r";
    if (own === undefined && letters.includes("a"))
      return [["reads on", become({ at: "publish", seen: newest(world) })]];
    return [[`is told ${letters}`, told(letters, writer, become)]];
  };
  const record: RecordContent = { entries: [push] };
  const isFree = seen === newest(world) || world.emptied.includes(seen + 1);
  if (at === "lost") {
    if (!isFree) return readOn(lapses.forgetsItself);
    if (lapses.trustsEmptySlot) return [["gives up", become({ at: "end", told: "failed" })]];
  }
  if (!isFree) return readOn();
  const steps: Step[] = [];
  const next = appended(world, seen + 1, record) as World;
  const letters = rules.state(next.journal).verdicts.get(push.id)?.letters ?? "r";
  steps.push([`writes, and is told ${letters}`, told(letters, writer, (fields) => become(fields, next))]);
  if (writer.answersLost > 0) return steps;
  const lost = { at: "lost", answersLost: 1 } as const;
  steps.push(
    ["writes, and hears nothing", become(lost, next)],
    ["fails to write, and hears nothing", become(lost)],
    ["writes late, and hears nothing", become(lost, { ...world, late: { slot: seen + 1, record } })],
  );
  return steps;
}

/** What a push does that has its verdict. */
function told(letters: string, writer: Writer, become: Become): World {
  if (letters !== "r") return become({ at: "end", told: letters });
  // Another packing has an id of its own, so that this one's lost answer must not be confused with it.
  return writer.packing + 1 < maxPackings
    ? become({ at: "read", packing: writer.packing + 1 })
    : become({ at: "end", told: "r" });
}

function pushOf({ basis, packing }: Writer, { journal }: World, rules: Rules): RecordEntry {
  const base = rules.state(journal, basis + 1).refs.get("refs/heads/b")?.id;
  const number = 40 + packing;
  const tip = rules.commit(oid(base === undefined ? number + 10 : number), base);
  const segments = [rules.define(number, [tip])];
  const moves = [{ ref: "refs/heads/w", oldId: undefined, newId: tip }];
  return entry({
    id: name(700 + packing),
    basis,
    last: 99,
    moves,
    segments,
    assumed: base === undefined ? [] : [base],
  });
}

/** Deletes `b`, so that what only it reaches is needed by nobody. */
function deleterSteps({ seen, at }: Deleter, world: World, become: Become, rules: Rules): Step[] {
  if (at === "read") return [["reads", become({ at: "publish", seen: newest(world) })]];
  const oldId = rules.state(world.journal, seen + 1).refs.get("refs/heads/b")?.id;
  const moves = [{ ref: "refs/heads/b", oldId, newId: undefined }];
  const push = entry({ id: name(800), basis: seen, last: 99, moves });
  const next = appended(world, seen + 1, { entries: [push] });
  return next === undefined
    ? [["loses its slot", become({ seen: newest(world) })]]
    : [["deletes b", become({ at: "end" }, next)]];
}

/** Makes one pack of what the refs reach, and retires all others. */
function collectorSteps(collector: Collector, world: World, become: Become, rules: Rules): Step[] {
  const { seen, basis, at, number } = collector;
  const { lapses } = rules;
  if (at === "read") return [["reads", become({ at: "upload", seen: newest(world), basis: newest(world) })]];
  const known = rules.state(world.journal, basis + 1);
  const kept = rules.reach([...known.refs.values()].map(({ id }) => id));
  const segments = [rules.define(number, [...kept])];
  const retired = [...known.packs.values()].map((pack) => pack.name);
  if (at === "upload") return [["uploads", become({ at: "append" }, withPack(world, number))]];
  const change = { retired, segments, drop: !lapses.hidesDrop };
  const next = appended(world, seen + 1, change);
  if (next !== undefined) return [["drops", become({ at: "end" }, next)]];
  const later = rules.state(world.journal);
  const current = isCurrent(lapses.ignoresDoom ? { ...change, segments: [] } : change, known, later);
  const whole = lapses.ignoresPushes || isWhole(later, known, kept, rules);
  return current && whole ? [["reads on", become({ seen: newest(world) })]] : [["gives up", become({ at: "end" })]];
}

/** Whether the refs of a later state reach nothing but what is kept, and what came later. */
function isWhole(later: State, known: State, kept: ReadonlySet<string>, rules: Rules): boolean {
  const old = new Set([...known.packs.values()].map(({ pack }) => numberOf((pack as Segment).id)));
  const rest = rules.objectsIn(later, (pack) => !old.has(pack));
  return [...rules.reach([...later.refs.values()].map(({ id }) => id))].every((id) => kept.has(id) || rest.has(id));
}

/** Deletes what is in no catalogue, whatever its age: any time may have passed. */
function sweeperSteps({ seen, at, victims }: Sweeper, world: World, become: Become, rules: Rules): Step[] {
  const { lapses } = rules;
  const needless = (state: State, packs: readonly number[]) =>
    packs.filter((pack) => !state.packs.has(`segment ${segment(pack).id}`));
  if (at === "read") return [["reads", become({ at: "list", seen: newest(world) })]];
  if (at === "list") {
    const found = needless(rules.state(world.journal, seen + 1), world.packs);
    const next = found.length === 0 ? "end" : lapses.sweepsUnnamed ? "delete" : "append";
    return [[`finds ${found.join()}`, become({ at: next, victims: found })]];
  }
  if (at === "append") {
    const next = appended(world, seen + 1, { doomed: victims.map(keyOf) });
    if (next !== undefined) return [["names its victims", become({ at: "delete" }, next)]];
    const left = needless(rules.state(world.journal), victims);
    if (left.length === victims.length || lapses.sweepsBlindly) return [["reads on", become({ seen: newest(world) })]];
    return [["gives up", become({ at: "end" })]];
  }
  const [victim, ...rest] = victims;
  const left = { ...world, packs: world.packs.filter((pack) => pack !== victim) };
  return [[`deletes ${victim}`, become({ at: rest.length === 0 ? "end" : "delete", victims: rest }, left)]];
}

/** Reads everything that the catalogue names; when something is missing, it must be because the catalogue is old. */
function readerSteps({ seen, at }: Reader, world: World, become: Become, rules: Rules): Step[] {
  if (at === "read") return [["reads", become({ at: "fetch", seen: newest(world) })]];
  const numbers = [...rules.state(world.journal, seen + 1).packs.values()].map(({ pack }) =>
    numberOf((pack as Segment).id),
  );
  const missing = numbers.filter((pack) => !world.packs.includes(pack));
  if (missing.length === 0) return [["has everything", become({ at: "end" })]];
  if (rules.lapses.readsOnce || seen === newest(world)) throw new Violation(`a reader misses pack ${missing.join()}`);
  return [["misses a pack", become({ at: "read" })]];
}

/** Puts a stub in place of an old record: nobody who begins at the newest state sees a difference. */
function stubberSteps(world: World, become: Become, { lapses }: Rules): Step[] {
  if (world.journal.length < 4) return [];
  const emptied = lapses.emptiesSlots ? [2] : [];
  return [["puts a stub into slot 2", become({ at: "end" }, { ...world, emptied })]];
}
