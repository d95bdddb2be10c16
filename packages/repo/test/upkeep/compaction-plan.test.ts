import { describe, expect, test } from "vitest";
import type { CataloguePack } from "../../src/format/state.ts";
import { planCompaction } from "../../src/upkeep/compaction-plan.ts";
import { segment } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";

function packOf(kind: "segment" | "record", slot: number, size: number): CataloguePack {
  const name = kind === "segment" ? ({ kind, id: segment(slot).id } as const) : ({ kind, slot } as const);
  return { name, slot, pack: { ...segment(slot), size } };
}

/** What becomes of so many pushes whose sizes `sizeOf` says, when each is followed by compaction. */
function history(pushes: number, sizeOf: (random: SeededRandom) => number) {
  const random = new SeededRandom(1);
  let packs: CataloguePack[] = [];
  let pushed = 0;
  let written = 0;
  let most = 0;
  for (let slot = 0; slot < pushes; slot++) {
    const size = sizeOf(random);
    pushed += size;
    packs.push(packOf(size > 2 ** 20 ? "segment" : "record", slot, size));
    most = Math.max(most, packs.length);
    for (let plan = planCompaction(packs); plan !== undefined; plan = planCompaction(packs)) {
      const merged = plan.reduce((sum, { pack }) => sum + pack.size, 0);
      written += merged;
      const gone = new Set(plan);
      packs = [...packs.filter((pack) => !gone.has(pack)), packOf("segment", slot, merged)];
    }
  }
  return { amplification: written / pushed, most };
}

describe("after many pushes", () => {
  test.each<[string, number, (random: SeededRandom) => number]>([
    ["a year of small ones", 36_500, (random) => random.between(300, 9000)],
    ["tiny ones", 300_000, () => 250],
    ["ones of all sizes", 50_000, (random) => Math.floor(2 ** (8 + random.fraction() * 12))],
    ["large ones", 5000, (random) => random.between(2 ** 20, 2 ** 23)],
  ])("%s: written less than four times, and few packs at any time", (_, pushes, sizeOf) => {
    const { amplification, most } = history(pushes, sizeOf);
    expect(amplification).toBeLessThan(4);
    expect(amplification).toBeGreaterThan(0.9);
    expect(most).toBeLessThan(64 + 8 * 16);
  });
});

describe("a plan", () => {
  const inline = Array.from({ length: 64 }, (_, slot) => packOf("record", slot, 1000));
  const segments = Array.from({ length: 16 }, (_, slot) => packOf("segment", 100 + slot, 70_000 + slot));

  test("leaves alone what is well", () => {
    expect(planCompaction([])).toBeUndefined();
    expect(planCompaction([...inline.slice(1), ...segments.slice(1)])).toBeUndefined();
  });

  test("takes in what travels in records, before it touches segments", () => {
    expect(planCompaction([...segments, ...inline])).toEqual(inline);
    const few = [packOf("record", 0, 2 ** 21), packOf("record", 1, 2 ** 21)];
    expect(planCompaction([...few, ...segments])).toEqual(few);
  });

  test("merges a full class of segments, and never the largest", () => {
    expect(planCompaction([...inline.slice(1), ...segments])).toEqual(segments);
    const large = Array.from({ length: 40 }, (_, slot) => packOf("segment", slot, 2 ** 30 + slot));
    expect(planCompaction(large)).toBeUndefined();
  });

  test("keeps within the room that there is, from the oldest on", () => {
    expect(planCompaction(inline, 10_500)).toEqual(inline.slice(0, 10));
    expect(planCompaction(inline, 1500)).toBeUndefined();
  });
});
