import { beforeAll, describe, expect, test } from "vitest";
import { type Code, ownCode, type Patch, withPatchedCode } from "../../simulation/code.ts";
import { mutants } from "../../simulation/mutants.ts";
import { type ActorName, type Exploration, explore } from "./explorer.ts";
import type { Lapses } from "./world.ts";

/** Each of these worlds is small enough to be seen in all its states. */
const scenes: readonly (readonly ActorName[])[] = [
  ["writer", "sweeper", "collector", "stubber"],
  ["writer", "deleter", "collector", "stubber"],
  ["patient writer", "deleter", "collector", "sweeper", "reader"],
  ["patient writer", "sweeper", "sweeper", "collector"],
  ["patient writer", "sweeper", "collector", "collector"],
];

describe("of all that writers, readers, collectors and sweepers can do to one another", () => {
  let explorations: Exploration[];
  beforeAll(() => {
    explorations = scenes.map((names) => explore(ownCode, names));
  }, 300_000);

  test("nothing breaks a promise", () => {
    expect(explorations.map(({ violation }) => violation)).toEqual(scenes.map(() => undefined));
  });

  test("everything happens that should be looked at", () => {
    expect(explorations.reduce((sum, { worlds }) => sum + worlds, 0)).toBeGreaterThan(10_000);
    const all = new Set(explorations.flatMap(({ steps }) => [...steps]));
    for (const step of [
      "writer: is told r",
      "writer: writes, and hears nothing",
      "writer: is told a",
      "store: a late write arrives",
      "deleter: loses its slot",
      "collector: drops",
      "collector: reads on",
      "collector: gives up",
      "sweeper: names its victims",
      "sweeper: reads on",
      "sweeper: gives up",
      "reader: misses a pack",
      "reader: has everything",
      "stubber: puts a stub into slot 2",
    ])
      expect(all).toContain(step);
  });
});

/** A violation in one of the scenes. */
function firstViolation(code: Code, lapses: Lapses = {}): readonly string[] | undefined {
  for (const names of scenes) {
    const { violation } = explore(code, names, lapses);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

const patchesOf = (wanted: string) => mutants.find(({ name }) => name === wanted)?.patches as readonly Patch[];

describe("without the rule that", () => {
  test.each<[string, Lapses]>([
    ["a push names what is durable (1)", { forgetsUpload: true }],
    ["a filled slot is never emptied (2)", { emptiesSlots: true }],
    ["after a lost answer the own entry is looked for (5)", { forgetsItself: true }],
    ["a record that drops objects says so (6)", { hidesDrop: true }],
    ["who misses a pack reads again (7)", { readsOnce: true }],
    ["victims are named before they are deleted (11)", { sweepsUnnamed: true }],
    ["an empty slot after a lost answer says nothing (12)", { trustsEmptySlot: true }],
    ["a sweep looks again at its victims when it lost its slot", { sweepsBlindly: true }],
    ["a collection looks again at its upload when it lost its slot", { ignoresDoom: true }],
    ["a collection looks again at the refs when it lost its slot", { ignoresPushes: true }],
  ])(
    "%s: a promise is broken",
    (_, lapses) => {
      expect(firstViolation(ownCode, lapses)?.length).toBeGreaterThan(1);
    },
    300_000,
  );

  test.each([
    ["the fold sends back who relies on what was dropped (6)", "r6"],
    ["the fold sends back who names a doomed key (11)", "r11"],
  ])(
    "%s: a promise is broken",
    async (_, wanted) => {
      const found = await withPatchedCode(patchesOf(wanted), async (code) => firstViolation(code));
      expect(found?.length).toBeGreaterThan(1);
    },
    300_000,
  );
});
