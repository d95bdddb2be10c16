import { expect, test } from "vitest";
import {
  indexKey,
  intentKey,
  isDoomListKey,
  packKey,
  recordKey,
  recordKeySlot,
  snapshotKey,
  snapshotKeySlot,
} from "../../src/format/key.ts";
import { packKeys, packNameOfKey } from "../../src/format/pack-name.ts";
import { codeOf } from "../failure.ts";
import { name } from "../samples.ts";

const last = 999_999_999_999_999;

test.each([
  [0, "journal/999999999999999"],
  [1, "journal/999999999999998"],
  [4096, "journal/999999999995903"],
  [last, "journal/000000000000000"],
])("the record of slot %i is %s", (slot, key) => {
  expect(recordKey(slot)).toBe(key);
  expect(recordKeySlot(key)).toBe(slot);
});

test.each([-1, 0.5, last + 1, Number.NaN, Infinity])("there is no slot %d", (slot) => {
  expect(codeOf(() => recordKey(slot))).toBe("INTERNAL");
});

test("newer slots list first", () => {
  const slots = [0, 1, 9, 10, 99, 100, 4096, 1e9, last];
  expect(slots.map(recordKey).sort()).toEqual(slots.toReversed().map(recordKey));
  expect(slots.map((slot) => snapshotKey(slot, name(slot))).sort()[0]).toBe(snapshotKey(last, name(last)));
});

test.each(["journal/", "journal/1", "journal/99999999999999x", "journal/9999999999999990", "refs/999999999999999"])(
  "%s is no record",
  (key) => expect(recordKeySlot(key)).toBeUndefined(),
);

test.each([
  "refs/999999999999999",
  `refs/99999999999999-${name(1)}`,
  `refs/999999999999999-${name(1)}0`,
  `refs/999999999999999-${name(1)}\n`,
  `journal/999999999999999-${name(1)}`,
])("%j is no snapshot", (key) => expect(snapshotKeySlot(key)).toBeUndefined());

test("a pack is known by each of its keys", () => {
  const names = [
    { kind: "segment", id: name(1) },
    { kind: "intent", id: name(2) },
    { kind: "record", slot: 3 },
  ] as const;
  for (const one of names) for (const key of packKeys(one)) expect(packNameOfKey(key)).toEqual(one);
  expect(packKeys(names[0])).toEqual([packKey(name(1)), indexKey(name(1))]);
  for (const key of ["latest", `objects/${name(1)}`, `intents/${name(1)}.pack`, `refs/${name(1)}`, intentKey("1")])
    expect(packNameOfKey(key)).toBeUndefined();
});

test("a list of doomed keys has its place", () => {
  expect(isDoomListKey(`doomed/${name(1)}`)).toBe(true);
  expect(isDoomListKey("doomed/1")).toBe(false);
  expect(isDoomListKey(`intents/${name(1)}`)).toBe(false);
});
