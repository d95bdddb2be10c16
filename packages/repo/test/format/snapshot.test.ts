import { describe, expect, test } from "vitest";
import { encodeHeadedFile, maxHeaderLength } from "../../src/format/headed-file.ts";
import { snapshotKey } from "../../src/format/key.ts";
import { decodeLatest, encodeLatest } from "../../src/format/latest.ts";
import { packNameText } from "../../src/format/pack-name.ts";
import { decodeSnapshot, encodeSnapshot, sortedRefs } from "../../src/format/snapshot.ts";
import type { CataloguePack, State } from "../../src/format/state.ts";
import { codeOf, errorOf } from "../failure.ts";
import { container, inlineOf, name, oid, segment, sha256, trunk, unborn } from "../samples.ts";

const packs: CataloguePack[] = [
  { name: { kind: "segment", id: name(1) }, slot: 3, pack: segment(1) },
  { name: { kind: "record", slot: 5 }, slot: 5, pack: inlineOf(Uint8Array.of(1)) },
  { name: { kind: "intent", id: name(2) }, slot: 5, pack: inlineOf(Uint8Array.of(2)) },
  { name: { kind: "container", id: name(20) }, slot: 6, pack: container(20, 1, 2) },
  { name: { kind: "container", id: name(21) }, slot: 6, pack: container(21) },
];

/** Has every field of docs/format.md, 3.6. */
const full: State = {
  ...unborn,
  slot: 9,
  recordDigest: sha256("9"),
  head: "refs/heads/größe",
  refs: new Map([
    ["refs/heads/a", { id: oid(1) }],
    ["refs/heads/größe", { id: oid(2) }],
    ["refs/heads/\uDCFF", { id: oid(3) }],
    ["refs/tags/v1", { id: oid(4), peeledId: oid(1) }],
  ]),
  packs: new Map(packs.map((pack) => [packNameText(pack.name), pack])),
  retired: new Map([
    [`segment ${name(3)}`, { name: { kind: "segment", id: name(3) }, slot: 6 }],
    ["record 2", { name: { kind: "record", slot: 2 }, slot: 6 }],
    [`container ${name(22)}`, { name: { kind: "container", id: name(22) }, slot: 6 }],
  ]),
  verdicts: new Map([
    [name(4), { slot: 7, letters: "a" }],
    [name(5), { slot: 7, letters: "asc" }],
    [name(6), { slot: 8, letters: "r" }],
    [name(7), { slot: 9, letters: "xs" }],
  ]),
  doomed: new Map([
    [`objects/${name(8)}.idx`, 8],
    [`intents/${name(9)}`, 9],
  ]),
  horizon: 2,
  dropped: 6,
  unproved: 5,
  map: {
    primary: { name: "primary", url: "local:///srv/trunks/app.trunk" },
    mirrors: new Map([
      ["backup", { name: "backup", mode: "strict", url: "s3://bucket/trunks/app.trunk" }],
      ["far-away", { name: "far-away", mode: "lagging", url: "sftp://user@host/app.trunk" }],
    ]),
  },
};
const key = snapshotKey(9, name(0));
const bytes = encodeSnapshot(full);
const text = new TextDecoder("latin1").decode(bytes);
const lines = text.slice(text.indexOf("\ntrunk ") + 1, -2).split("\n");

function reading(changed: readonly string[]) {
  return codeOf(() => decodeSnapshot(encodeHeadedFile("snapshot", changed).bytes, key));
}

describe("a snapshot", () => {
  test("comes back with every field, in its order", () => {
    const state = decodeSnapshot(bytes, key);
    expect(state).toEqual(full);
    for (const field of ["packs", "retired", "verdicts", "doomed"] as const)
      expect([...state[field].keys()]).toEqual([...full[field].keys()]);
    expect(Buffer.from(encodeSnapshot(state)).equals(bytes)).toBe(true);
  });

  test("of nothing comes back: a client's view of an empty trunk", () => {
    expect(decodeSnapshot(encodeSnapshot(unborn), "a cache")).toEqual(unborn);
  });

  test("has its refs in byte order", () => {
    const names = ["refs/heads/\u{10000}", "refs/heads/\uFFFD", "refs/heads/b", "refs/heads/a/b", "refs/heads/a.b"];
    const state = { refs: new Map(names.map((one) => [one, { id: oid(1) }])) };
    const sorted = names.map((one) => Buffer.from(one)).sort(Buffer.compare);
    expect(sortedRefs(state).map(([one]) => one)).toEqual(sorted.map(String));
  });

  test("with any byte changed is refused", () => {
    for (let index = 0; index < bytes.length; index++) {
      for (const change of [1, 0x20, 0x80]) {
        const code = codeOf(() => decodeSnapshot(bytes.with(index, (bytes[index] as number) ^ change), key));
        if (code !== "CORRUPT" && code !== "NOT_SUPPORTED") expect.fail(`byte ${index}, change ${change}: ${code}`);
      }
    }
  });

  test("of any other length is refused", () => {
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(() => decodeSnapshot(bytes.slice(0, length), key))).toBe("CORRUPT");
    expect(codeOf(() => decodeSnapshot(Buffer.concat([bytes, bytes]), key))).toBe("CORRUPT");
  });

  test("in another's place is refused", () => {
    expect(codeOf(() => decodeSnapshot(bytes, snapshotKey(8, name(0))))).toBe("CORRUPT");
  });

  test("with a line missing, twice, or exchanged is damaged, or another that is written just so", () => {
    let damagedCount = 0;
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index] as string;
      const changes = [lines.toSpliced(index, 1), lines.toSpliced(index, 0, line)];
      if (index > 0) changes.push(lines.toSpliced(index - 1, 2, line, lines[index - 1] as string));
      for (const changed of changes) {
        const file = encodeHeadedFile("snapshot", changed).bytes;
        const code = codeOf(() => decodeSnapshot(file, key));
        if (code === undefined) expect(Buffer.from(encodeSnapshot(decodeSnapshot(file, key))).equals(file)).toBe(true);
        else expect([code, damagedCount++]).toEqual(["CORRUPT", expect.anything()]);
      }
    }
    expect(damagedCount).toBeGreaterThan(lines.length);
  });

  test.each([
    ["horizon 2", "horizon 10"],
    ["horizon 2", "horizon -2"],
    ["dropped 6", "dropped 10"],
    ["unproved 5", "unproved 1e0"],
    ["head refs/", "head heads/"],
    [`ref ${oid(1)}`, `ref ${oid(0)}`],
    [`ref ${oid(1)}`, `ref ${oid(1, 64)}`],
    [`ref ${oid(1)} -`, `ref ${oid(1)}`],
    ["ref 0000000000000000000000000000000000000001 - refs/heads/a", `ref ${oid(1)} - refs/heads/z`],
    ["pack 5 record 5", "pack 5 record 4"],
    ["pack 5 record 5", "pack 5 bundle 5"],
    [`pack 3 segment ${name(1)} 101`, `pack 3 segment ${name(1)} 0`],
    ["retired 6 record 2", "retired 6 record 9999999999999999"],
    ["verdict 8", "verdict 10"],
    ["verdict 8", "verdict 6"],
    [`verdict 8 ${name(6)} r`, `verdict 8 ${name(6)} ra`],
    [`verdict 8 ${name(6)} r`, `verdict 8 ${name(6)} `],
    [`verdict 8 ${name(6)} r`, `verdict 8 ${name(6)} b`],
    [`verdict 8 ${name(6)} r`, `verdict 8 ${name(5)} r`],
    ["doom 8 objects/", "doom 8 /objects/"],
  ])("with %j in place of which stands %j is refused", (found, replacement) => {
    const index = lines.findIndex((line) => line.startsWith(found));
    expect(index).not.toBe(-1);
    expect(reading(lines.with(index, replacement + (lines[index] as string).slice(found.length)))).toBe("CORRUPT");
  });

  test("that requires a feature is refused by its name", () => {
    const changed = lines.toSpliced(4, 0, "require time-travel");
    const error = errorOf(() => decodeSnapshot(encodeHeadedFile("snapshot", changed).bytes, key));
    expect(error).toMatchObject({ code: "NOT_SUPPORTED", message: expect.stringContaining('"time-travel"') });
  });
});

describe("a header", () => {
  const line = `option ${"a".repeat(1016)}`;
  const count = maxHeaderLength / 1024;

  test("has at most 64 MiB, on both sides", () => {
    const longest = encodeHeadedFile("snapshot", new Array(count).fill(line)).bytes;
    // Read to its end: what is wrong is its content.
    expect(errorOf(() => decodeSnapshot(longest, key))).toMatchObject({ message: expect.stringContaining('"trunk"') });
    expect(codeOf(() => encodeHeadedFile("snapshot", [...new Array(count).fill(line), "x"]))).toBe("NOT_SUPPORTED");
    const longer = Buffer.concat([longest.subarray(0, -1), Buffer.from("x\n\n")]);
    expect(errorOf(() => decodeSnapshot(longer, key))).toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining("cut short"),
    });
  });

  test.each(["", "a\nb", "a\0b", "\n"])("has no line %j", (odd) => {
    expect(codeOf(() => encodeHeadedFile("snapshot", ["a", odd]))).toBe("INVALID_ARGUMENT");
  });
});

describe("latest", () => {
  const latest = { trunkId: trunk.id, slot: 9, snapshotKey: key };

  test("comes back", () => {
    expect(decodeLatest(encodeLatest(latest))).toEqual(latest);
  });

  test("with any byte changed, or of any other length, is refused", () => {
    const file = encodeLatest(latest);
    for (let index = 0; index < file.length; index++) {
      const code = codeOf(() => decodeLatest(file.with(index, (file[index] as number) ^ 1)));
      if (code !== "CORRUPT" && code !== "NOT_SUPPORTED") expect.fail(`byte ${index}: ${code}`);
      expect(codeOf(() => decodeLatest(file.slice(0, index)))).toBe("CORRUPT");
    }
    expect(codeOf(() => decodeLatest(Buffer.concat([file, Uint8Array.of(10)])))).toBe("CORRUPT");
  });

  test.each([
    ["a snapshot of another slot", { slot: 8 }],
    ["no snapshot", { snapshotKey: "trunk.json" }],
    ["no trunk", { trunkId: "none" }],
  ])("that names %s is refused", (_, change) => {
    expect(codeOf(() => decodeLatest(encodeLatest({ ...latest, ...change })))).toBe("CORRUPT");
  });
});
