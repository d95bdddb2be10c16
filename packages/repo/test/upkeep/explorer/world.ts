import { packKey } from "../../../src/format/key.ts";
import type { Segment } from "../../../src/format/pack-name.ts";
import type { TrunkRecord } from "../../../src/format/record.ts";
import type { State } from "../../../src/format/state.ts";
import { recordAfter, segment, unborn } from "../../samples.ts";
import type { Code } from "../../simulation/code.ts";
import type { Actor } from "./actors.ts";

/** What a record says beside where it stands. */
export type RecordContent = Partial<TrunkRecord>;

/** Everything that there is, between two steps. Plain values, so that two equal worlds are known to be one. */
export interface World {
  readonly journal: readonly RecordContent[];
  /** Numbers of the packs in the store, in order. */
  readonly packs: readonly number[];
  readonly actors: readonly Actor[];
  /** A write whose answer was lost, and whose effect is still to come. */
  readonly late?: { readonly slot: number; readonly record: RecordContent };
  /** Slots that were emptied, against the rules. */
  readonly emptied: readonly number[];
}

/** Something that must never happen. */
export class Violation extends Error {
  override name = "Violation";
}

/** Rules that can be left out, to see that it is noticed. */
export interface Lapses {
  /** A push does not wait for its upload. */
  readonly forgetsUpload?: boolean;
  /** Old slots are emptied, where stubs belong. */
  readonly emptiesSlots?: boolean;
  /** After a lost answer nobody looks for the own entry. */
  readonly forgetsItself?: boolean;
  /** After a lost answer, an empty slot is taken for a failure. */
  readonly trustsEmptySlot?: boolean;
  /** A reader who misses a pack does not read the state again. */
  readonly readsOnce?: boolean;
  /** A collection does not say that it drops objects. */
  readonly hidesDrop?: boolean;
  /** A collection that lost its slot does not look whether its upload was doomed. */
  readonly ignoresDoom?: boolean;
  /** A collection that lost its slot does not look what came in between. */
  readonly ignoresPushes?: boolean;
  /** A sweep deletes what it has not named before. */
  readonly sweepsUnnamed?: boolean;
  /** A sweep that lost its slot does not look whether its victims are needed by now. */
  readonly sweepsBlindly?: boolean;
}

/** What all worlds of one exploration share. */
export class Rules {
  readonly code: Code;
  readonly lapses: Lapses;
  readonly #states = new Map<string, State>();
  /** Packs hold commits: those of the numbers. */
  readonly #objects = new Map<number, readonly string[]>();
  /** Parents of commits. */
  readonly #parents = new Map<string, string | undefined>();

  constructor(code: Code, lapses: Lapses) {
    this.code = code;
    this.lapses = lapses;
  }

  /** The state behind so many records of the journal. */
  state(journal: readonly RecordContent[], count = journal.length): State {
    if (count === 0) return unborn;
    const key = JSON.stringify(journal.slice(0, count));
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const before = this.state(journal, count - 1);
    const content = journal[count - 1] as RecordContent;
    const record = recordAfter(before, content);
    const next = this.code.fold(before, [{ record, digest: `${count}`, doomedKeys: record.doomed }]);
    this.#states.set(key, next);
    return next;
  }

  /** Says what a pack of this number holds, wherever it appears. */
  define(pack: number, objects: readonly string[]): Segment {
    this.#objects.set(pack, objects);
    return segment(pack);
  }

  commit(id: string, parent: string | undefined): string {
    this.#parents.set(id, parent);
    return id;
  }

  /** What the values reach. */
  reach(tips: Iterable<string>): Set<string> {
    const found = new Set<string>();
    for (const tip of tips)
      for (let id: string | undefined = tip; id !== undefined; id = this.#parents.get(id)) found.add(id);
    return found;
  }

  /** The objects of a state's packs, of those that `has` admits. */
  objectsIn(state: State, has: (pack: number) => boolean): Set<string> {
    const numbers = [...state.packs.values()].map(({ pack }) => numberOf((pack as Segment).id));
    return new Set(numbers.filter(has).flatMap((number) => this.#objects.get(number) ?? []));
  }

  /** Throws `Violation` when a ref reaches what is not in the store. */
  check({ journal, packs }: World): void {
    const state = this.state(journal);
    const present = this.objectsIn(state, (pack) => packs.includes(pack));
    for (const [ref, { id }] of state.refs) {
      for (const object of this.reach([id]))
        if (!present.has(object)) throw new Violation(`${ref} reaches ${object.slice(-2)}, which is not in the store`);
    }
  }
}

/** The number of a pack that `define` was told of. */
export function numberOf(id: string): number {
  return Number.parseInt(id.replace(/^e+/, ""), 16);
}

export function keyOf(pack: number): string {
  return packKey(segment(pack).id);
}

/** The world with a record in `slot`, or `undefined` when the slot is taken. */
export function appended(world: World, slot: number, record: RecordContent): World | undefined {
  if (slot < world.journal.length && world.emptied.includes(slot)) throw new Violation(`slot ${slot} was filled anew`);
  return slot === world.journal.length ? { ...world, journal: [...world.journal, record] } : undefined;
}

export function withPack(world: World, pack: number): World {
  return { ...world, packs: [...new Set([...world.packs, pack])].sort((left, right) => left - right) };
}
