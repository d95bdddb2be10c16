import { expect, test } from "vitest";
import { RefTree } from "../src/journal/ref-tree.ts";
import { OverlayMap } from "../src/overlay-map.ts";
import { oid } from "./samples.ts";
import { SeededRandom } from "./seeded-random.ts";

test("it does what a map does, and its copies do not disturb one another", () => {
  const random = new SeededRandom(1);
  const base = new Map(Array.from({ length: 50 }, (_, index) => [index, `${index}`]));
  let pairs: [OverlayMap<number, string>, Map<number, string>][] = [[new OverlayMap(base), new Map(base)]];
  for (let round = 0; round < 20_000; round++) {
    const [overlay, map] = random.pick(pairs);
    const key = random.between(0, 100);
    if (random.chance(0.5)) {
      overlay.set(key, `${round}`);
      map.set(key, `${round}`);
    } else expect(overlay.delete(key)).toBe(map.delete(key));
    expect([overlay.size, overlay.get(key), overlay.has(key)]).toEqual([map.size, map.get(key), map.has(key)]);
    if (round % 50 === 0) {
      for (const [left, right] of pairs) expect([...left]).toEqual([...right]);
      pairs = [...pairs.slice(-5), [new OverlayMap(overlay), new Map(map)]];
    }
  }
  expect(base).toEqual(new Map(Array.from({ length: 50 }, (_, index) => [index, `${index}`])));
});

test("its views agree", () => {
  const overlay = new OverlayMap(
    new Map([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]),
  );
  overlay.delete("b");
  overlay.set("a", 4);
  overlay.set("d", 5);
  overlay.delete("c");
  overlay.set("c", 6);
  expect([...overlay.entries()]).toEqual([
    ["a", 4],
    ["d", 5],
    ["c", 6],
  ]);
  expect([...overlay.keys()]).toEqual(["a", "d", "c"]);
  expect([...overlay.values()]).toEqual([4, 5, 6]);
  const visited: unknown[] = [];
  overlay.forEach((value, key, map) => {
    visited.push([key, value, map === overlay]);
  });
  expect(visited).toEqual([
    ["a", 4, true],
    ["d", 5, true],
    ["c", 6, true],
  ]);
  expect([...overlay.differences()]).toEqual([
    { key: "b", added: false },
    { key: "c", added: false },
    { key: "d", added: true },
    { key: "c", added: true },
  ]);
});

test("many changes become a new base, and few do not", () => {
  const base = new Map(Array.from({ length: 100 }, (_, index) => [index, index]));
  const overlay = new OverlayMap(base);
  for (let index = 50; index < 114; index++) overlay.set(index, -1);
  expect(new OverlayMap(overlay).base).toBe(base);
  overlay.set(5000, -1);
  const copy = new OverlayMap(overlay);
  expect(copy.base).not.toBe(base);
  expect([...copy]).toEqual([...overlay]);
});

test("refs know their folders through changes and copies", () => {
  const random = new SeededRandom(2);
  const names = ["a", "a/b", "a/b/c", "b", "b/a", "c/d/e", "c", "c/d"];
  let tree = new RefTree(new Map([["a/b", { id: oid(1) }]]));
  for (let round = 0; round < 5000; round++) {
    const name = random.pick(names);
    const others = [...tree.refs.keys()].filter(
      (other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`),
    );
    expect(tree.conflicts(name)).toBe(others.length > 0);
    if (others.length === 0) tree.set(name, random.chance(0.5) ? { id: oid(round + 1) } : undefined);
    if (random.chance(0.1)) tree = new RefTree(random.chance(0.5) ? tree.refs : new Map(tree.refs));
  }
});
