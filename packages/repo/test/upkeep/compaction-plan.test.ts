import { describe, expect, test } from "vitest";
import type { CataloguePack } from "../../src/format/state.ts";
import { planCompaction, totalSize } from "../../src/upkeep/compaction-plan.ts";
import { segment } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";

function packOf(kind: "segment" | "thin" | "record", slot: number, size: number): CataloguePack {
  if (kind === "record") return { name: { kind, slot }, slot, pack: { ...segment(slot), size } };
  const name = { kind: "segment", id: segment(slot).id } as const;
  return { name, slot, pack: { ...segment(slot), size, ...(kind === "thin" ? { thin: true } : {}) } };
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
      const merged = totalSize(plan.packs);
      written += merged;
      const gone = new Set(plan.packs);
      packs = [...packs.filter((pack) => !gone.has(pack)), packOf(plan.thin ? "thin" : "segment", slot, merged)];
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
    expect(most).toBeLessThan(128 + 32 + 6 * 16);
  });
});

describe("a plan", () => {
  const inline = Array.from({ length: 32 }, (_, slot) => packOf("record", slot, 1000));
  const segments = Array.from({ length: 16 }, (_, slot) => packOf("segment", 100 + slot, 70_000 + slot));
  const thin = (count: number) => Array.from({ length: count }, (_, slot) => packOf("thin", 200 + slot, 10_000));

  test("leaves alone what is well", () => {
    expect(planCompaction([])).toBeUndefined();
    expect(planCompaction([...inline.slice(1), ...segments.slice(1)])).toBeUndefined();
    expect(planCompaction([...thin(127), ...inline.slice(1)])).toBeUndefined();
  });

  test("takes in what travels in records, before it touches segments", () => {
    expect(planCompaction([...segments, ...inline])).toEqual({ packs: inline, thin: true });
    const few = [packOf("record", 0, 2 ** 21), packOf("record", 1, 2 ** 21)];
    expect(planCompaction([packOf("segment", 9, 2 ** 25), ...few, ...segments])).toEqual({ packs: few, thin: true });
  });

  test("makes all one when the thin packs weigh half as much as the rest", () => {
    expect(planCompaction(inline)).toEqual({ packs: inline, thin: false });
    const all = [packOf("segment", 90, 124_000), ...thin(3), ...inline];
    expect(planCompaction(all)).toEqual({ packs: all, thin: false });
    const light = [packOf("segment", 90, 124_001), ...thin(3), ...inline];
    expect(planCompaction(light)).toEqual({ packs: inline, thin: true });
  });

  test("makes the thin packs one when they are many", () => {
    const rest = packOf("segment", 90, 2 ** 29);
    expect(planCompaction([rest, ...thin(126), ...inline])).toEqual({ packs: inline, thin: true });
    expect(planCompaction([rest, ...thin(127), ...inline])).toEqual({ packs: [...thin(127), ...inline], thin: false });
    const heavy = [packOf("thin", 91, 2 ** 24), ...inline];
    expect(planCompaction([rest, ...heavy])).toEqual({ packs: heavy, thin: false });
  });

  test("merges a full class of segments, and never the largest", () => {
    expect(planCompaction([...inline.slice(1), ...segments])).toEqual({ packs: segments, thin: false });
    expect(planCompaction([...thin(40), ...segments.slice(1)])).toBeUndefined();
    const large = Array.from({ length: 40 }, (_, slot) => packOf("segment", slot, 2 ** 30 + slot));
    expect(planCompaction(large)).toBeUndefined();
  });

  test("keeps within the room that there is, from the oldest on", () => {
    expect(planCompaction(inline, 10_500)).toEqual({ packs: inline.slice(0, 10), thin: true });
    expect(planCompaction(inline, 1500)).toBeUndefined();
  });
});
