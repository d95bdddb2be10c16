import { createHash } from "node:crypto";
import { entry, name, oid } from "../../samples.ts";
import type { Code } from "../../simulation/code.ts";
import { type Actor, stepsOf } from "./actors.ts";
import { appended, type Lapses, Rules, Violation, type World, withPack } from "./world.ts";

export interface Exploration {
  /** Worlds that can be reached. */
  readonly worlds: number;
  /** Every kind of step that was taken. */
  readonly steps: ReadonlySet<string>;
  /** The steps to the first thing that must not happen, and what it is. */
  readonly violation: readonly string[] | undefined;
}

const start = { at: "read", seen: -1 };
const makers = {
  writer: (): Actor => ({ ...start, kind: "writer", basis: -1, packing: 0, answersLost: 0 }),
  /** A writer whose answers all arrive, which makes for far fewer worlds. */
  "patient writer": (): Actor => ({ ...start, kind: "writer", basis: -1, packing: 0, answersLost: 1 }),
  deleter: (): Actor => ({ ...start, kind: "deleter" }),
  collector: (index: number): Actor => ({ ...start, kind: "collector", basis: -1, number: 60 + index }),
  sweeper: (): Actor => ({ ...start, kind: "sweeper", victims: [] }),
  reader: (): Actor => ({ ...start, kind: "reader" }),
  stubber: (): Actor => ({ ...start, kind: "stubber" }),
};
export type ActorName = keyof typeof makers;

/**
 * Takes every step that is possible in every world that can be reached, from a trunk with branches `a` and, on top of it, `b`.
 * An actor who does not move sleeps: so each sleeps for as long as it likes, before each of its steps. The fold that
 * judges is that of `code`.
 */
export function explore(code: Code, names: readonly ActorName[], lapses: Lapses = {}): Exploration {
  const rules = new Rules(code, lapses);
  const first = beginning(rules, names);
  const seen = new Map<string, { readonly from: string | undefined; readonly what: string }>();
  const steps = new Set<string>();
  const firstKey = keyOfWorld(first);
  seen.set(firstKey, { from: undefined, what: "" });
  const open: { world: World; key: string }[] = [{ world: first, key: firstKey }];
  const traceTo = (key: string | undefined): string[] => {
    const known = key === undefined ? undefined : seen.get(key);
    return known?.from === undefined ? [] : [...traceTo(known.from), known.what];
  };
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    const { world, key } = current;
    try {
      rules.check(world);
      checkTold(world, rules);
      for (const [what, next] of nextWorlds(world, rules)) {
        const nextKey = keyOfWorld(next);
        steps.add(what.replace(/ [0-9]+:/, ":"));
        if (seen.has(nextKey)) continue;
        seen.set(nextKey, { from: key, what });
        open.push({ world: next, key: nextKey });
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { worlds: seen.size, steps, violation: [...traceTo(key), error.message] };
    }
  }
  return { worlds: seen.size, steps, violation: undefined };
}

function beginning(rules: Rules, names: readonly ActorName[]): World {
  const [a, b] = [rules.commit(oid(1), undefined), rules.commit(oid(2), oid(1))];
  const push = (number: number, ref: string, newId: string) =>
    entry({
      id: name(600 + number),
      basis: number - 2,
      moves: [{ ref: `refs/heads/${ref}`, oldId: undefined, newId }],
      segments: [rules.define(number, [newId])],
    });
  const actors = names.map((one, index) => makers[one](index));
  let world: World = { journal: [], packs: [], actors, emptied: [] };
  for (const [slot, entries] of [[push(1, "a", a)], [push(2, "b", b)]].entries())
    world = appended(withPack(world, slot + 1), slot, { entries }) as World;
  return world;
}

function nextWorlds(world: World, rules: Rules) {
  const steps = world.actors.flatMap((_, index) => stepsOf(world, index, rules));
  const { late, ...rest } = world;
  if (late === undefined) return steps;
  const arrived = appended(rest, late.slot, late.record) ?? rest;
  return [...steps, ["store: a late write arrives", arrived] as const];
}

/** What a push was told last must be what became of it, for ever. */
function checkTold(world: World, rules: Rules): void {
  const { verdicts } = rules.state(world.journal);
  for (const actor of world.actors) {
    if (actor.kind !== "writer" || actor.told === undefined) continue;
    const letters = verdicts.get(name(700 + actor.packing))?.letters;
    if (actor.told.includes("a") && !letters?.includes("a")) throw new Violation("an acknowledged push is lost");
    if (!actor.told.includes("a") && letters?.includes("a"))
      throw new Violation(`a push was told ${actor.told}, and was applied`);
  }
}

function keyOfWorld(world: World): string {
  return createHash("sha1").update(JSON.stringify(world)).digest("base64");
}
