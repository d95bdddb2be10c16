import { describe, expect, test } from "vitest";
import { DatedLines } from "../../src/format/dated-lines.ts";
import { encodeHeadedFile } from "../../src/format/headed-file.ts";
import { recordKey } from "../../src/format/key.ts";
import { type PackName, packNameText } from "../../src/format/pack-name.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State, Verdict } from "../../src/format/state.ts";
import { OverlayMap } from "../../src/overlay-map.ts";
import { codeOf } from "../failure.ts";
import { oid, sha256, unborn } from "../samples.ts";

const count = 1000;
const fields = ["retired", "verdicts", "doomed"] as const;
const letters = ["a", "asc", "r", "xs"];

const name = (number: number) => oid(number, 32);

function packName(number: number): PackName {
  const kind = (["record", "segment", "container", "intent"] as const)[number % 4] as PackName["kind"];
  return kind === "record" ? { kind, slot: number } : { kind, id: name(number) };
}

/** Many lines of each field, three from each slot. */
function many() {
  const numbers = Array.from({ length: count }, (_, number) => ({ number, slot: Math.floor(number / 3) }));
  return {
    retired: new Map(
      numbers.map(({ number, slot }) => [packNameText(packName(number)), { name: packName(number), slot }]),
    ),
    verdicts: new Map(
      numbers.map(({ number, slot }): [string, Verdict] => [
        name(number),
        { slot, letters: letters[number % 4] as string },
      ]),
    ),
    doomed: new Map(
      numbers.map(({ number, slot }) => [number % 2 ? recordKey(number) : `objects/${name(number)}.idx`, slot]),
    ),
  };
}

const state: State = { ...unborn, slot: count, recordDigest: sha256("1"), ...many() };

function decoded(of: State): State {
  return decodeSnapshot(encodeSnapshot(of), "a snapshot");
}

/** The lines of a snapshot of `state`. */
function lines(): string[] {
  const text = new TextDecoder("latin1").decode(encodeSnapshot(state));
  return text.slice(text.indexOf("\ntrunk ") + 1, -2).split("\n");
}

describe("the dated lines of a large snapshot", () => {
  test.each(fields)("are those that were written, however they are asked for: %s", (field) => {
    const expected: ReadonlyMap<string, unknown> = state[field];
    const read: ReadonlyMap<string, unknown> = decoded(state)[field];
    expect(read).toBeInstanceOf(DatedLines);
    expect(read.size).toBe(count);
    for (const key of [...expected.keys(), "none"]) {
      expect(read.get(key)).toEqual(expected.get(key));
      expect(read.has(key)).toBe(expected.has(key));
    }
    expect([...read]).toEqual([...expected]);
    expect([...read.keys()]).toEqual([...expected.keys()]);
    expect([...read.values()]).toEqual([...expected.values()]);
    const visited = new Map<string, unknown>();
    read.forEach((value, key) => void visited.set(key, value));
    expect([...visited]).toEqual([...expected]);
  });

  test("are written again as they were", () => {
    const bytes = encodeSnapshot(state);
    expect(Buffer.compare(encodeSnapshot(decodeSnapshot(bytes, "a snapshot")), bytes)).toBe(0);
  });

  test.each(["removed from and added to", "changed in its place"])("are written as a map is that was %s", (change) => {
    const read = decoded(state);
    const changed = { ...state, ...many() };
    const verdicts = new OverlayMap(read.verdicts);
    const retired = new OverlayMap(read.retired);
    const doomed = new OverlayMap(read.doomed);
    const alter = (to: Pick<typeof changed, (typeof fields)[number]>) => {
      for (const number of [0, 1, 500, count - 1]) {
        to.verdicts.delete(name(number));
        to.retired.delete(packNameText(packName(number)));
        to.doomed.delete(recordKey(number));
      }
      // One that was there before stands at the end.
      for (const number of [500, count + 1]) {
        to.verdicts.set(name(number), { slot: count, letters: "as" });
        to.retired.set(packNameText(packName(number)), { name: packName(number), slot: count });
        to.doomed.set(recordKey(number), count);
      }
      if (change === "changed in its place") to.verdicts.set(name(7), { slot: 2, letters: "r" });
    };
    alter(changed);
    alter({ verdicts, retired, doomed } as unknown as typeof changed);
    const bytes = encodeSnapshot({ ...read, verdicts, retired, doomed });
    expect(Buffer.compare(bytes, encodeSnapshot(changed))).toBe(0);
    expect(decodeSnapshot(bytes, "a snapshot").verdicts.get(name(500))).toEqual({ slot: count, letters: "as" });
  });

  test("may have rare keys", () => {
    const doomed = new Map([...state.doomed, ["objects/Other_name", count] as const]);
    const read = decoded({ ...state, doomed }).doomed;
    expect(read).not.toBeInstanceOf(DatedLines);
    expect(new Map(read)).toEqual(doomed);
  });

  test.each([
    ["slots that fall", `verdict 100 ${name(300)} a`, `verdict 98 ${name(300)} a`],
    ["a slot that is to come", `verdict 333 ${name(999)} xs`, `verdict ${count + 1} ${name(999)} xs`],
    ["a slot that is no number", `verdict 100 ${name(300)} a`, `verdict 0100 ${name(300)} a`],
    ["an id twice", `verdict 100 ${name(300)} a`, `verdict 100 ${name(299)} a`],
    ["an odd id", `verdict 100 ${name(300)} a`, `verdict 100 ${name(300).slice(1)}g a`],
    ["odd letters", `verdict 100 ${name(300)} a`, `verdict 100 ${name(300)} ra`],
    ["an odd kind of pack", "retired 100 record 300", "retired 100 bundle 300"],
    ["an odd slot of a pack", "retired 100 record 300", "retired 100 record 0300"],
    ["an odd key", `doom 99 ${recordKey(299)}`, "doom 99 /journal"],
    ["a line of another field", `verdict 100 ${name(300)} a`, "horizon 1"],
    ["a line that belongs elsewhere", `verdict 100 ${name(300)} a`, `doom 99 ${recordKey(3)}`],
  ])("may not have %s", (_, found, replacement) => {
    const all = lines();
    const index = all.indexOf(found);
    expect(index).not.toBe(-1);
    const { bytes } = encodeHeadedFile("snapshot", all.with(index, replacement));
    expect(codeOf(() => decodeSnapshot(bytes, "a snapshot"))).toBe("CORRUPT");
  });
});
