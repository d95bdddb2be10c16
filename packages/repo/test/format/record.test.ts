import { describe, expect, test } from "vitest";
import { encodeHeadedFile } from "../../src/format/headed-file.ts";
import type { Mirror } from "../../src/format/mirror-map.ts";
import { decodeSlot, encodeRecord, type RecordEntry, slotDigest, type TrunkRecord } from "../../src/format/record.ts";
import { codeOf, errorOf } from "../failure.ts";
import { encodeStub } from "../journal-writer.ts";
import {
  container,
  entry,
  inlineOf,
  move,
  name,
  oid,
  recordAfter,
  segment,
  sha256,
  trunk,
  unborn,
} from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";

const pack = new TextEncoder().encode("PACK as far as a record knows\n\n");

const fullEntry: RecordEntry = entry({
  basis: 6,
  last: 4102,
  timeMs: 1_700_000_000_123,
  author: "Grüße \uDCFF <a@example.org>",
  options: ["ci.skip", "", "two  blanks"],
  atomic: true,
  unproved: true,
  assumed: [oid(1), oid(2)],
  moves: [
    move("refs/heads/main", 1, 3),
    { ...move("refs/tags/v1", 0, 4), peeledId: oid(3) },
    move("refs/heads/old-\uDCE9", 2, 0),
  ],
  head: { oldTarget: "refs/heads/main", newTarget: "refs/heads/größe" },
  inline: inlineOf(pack),
});

/** Has every field of docs/format.md, 3.3. */
const fullRecord: TrunkRecord = {
  ...recordAfter(unborn),
  slot: 7,
  previous: sha256("slot 6"),
  retired: [
    { kind: "segment", id: name(1) },
    { kind: "record", slot: 3 },
    { kind: "intent", id: name(2) },
    { kind: "container", id: name(10) },
  ],
  segments: [segment(3), segment(4)],
  forgotten: [{ container: name(11), blob: oid(6) }],
  drop: true,
  doomed: [`objects/${name(5)}.pack`, `intents/${name(6)}`],
  doomLists: [{ key: `doomed/${name(7)}`, size: 123, digest: sha256("list") }],
  map: {
    removed: ["old"],
    mirrors: [
      { name: "backup", mode: "strict", url: "s3://bucket/team/trunks/app.trunk?region=eu" },
      { name: "far-away", mode: "lagging", url: "sftp://user@host/srv/trunks/app.trunk" },
    ],
    primary: { name: "primary", url: "local:///srv/trunks/app.trunk" },
  },
  entries: [
    fullEntry,
    entry({ carried: true, assumed: "*", moves: [move("refs/heads/a", 0, 5)], inline: inlineOf(pack) }),
    entry({ segments: [segment(8), segment(9)] }),
    entry({
      containers: [container(12, 1, 2), container(13), container(14, 3)],
      leans: [{ container: name(15) }, { container: name(16), blob: oid(7) }],
    }),
  ],
};

/** Mirrors, each with what a test does not speak of. */
function mapOf(...mirrors: readonly Partial<Mirror>[]): Partial<TrunkRecord> {
  const whole = mirrors.map((one): Mirror => ({ name: "backup", mode: "strict", url: "s3://bucket/app", ...one }));
  return { map: { removed: [], mirrors: whole, primary: undefined } };
}

function decodedRecord(bytes: Uint8Array, slot = 7): TrunkRecord {
  const content = decodeSlot(bytes, slot);
  return content.kind === "record" ? content.record : expect.fail("a stub");
}

function decoded(record: TrunkRecord, body?: Uint8Array): TrunkRecord {
  return decodedRecord(encodeRecord(record, body).bytes, record.slot);
}

describe("round trips", () => {
  test("a record with every field", () => {
    const { bytes, digest } = encodeRecord(fullRecord, pack);
    expect(decodeSlot(bytes, 7)).toEqual({ kind: "record", record: fullRecord, digest, pack });
    expect(slotDigest(bytes)).toBe(digest);
    expect(Buffer.from(bytes.slice(-pack.length)).equals(pack)).toBe(true);
  });

  test("the smallest record", () => {
    const record = recordAfter(unborn);
    const { bytes, digest } = encodeRecord(record);
    expect(decodeSlot(bytes, 0)).toEqual({ kind: "record", record, digest, pack: undefined });
    expect(new TextDecoder().decode(bytes)).toBe(
      `trunks record 1\ndigest ${digest}\ntrunk ${trunk.id}\nobjects sha1\nslot 0\nprevious ${"0".repeat(64)}\n\n`,
    );
  });

  test("entries alone and together", () => {
    const parts: Partial<RecordEntry>[] = [
      { author: "" },
      { options: ["a"] },
      { atomic: true },
      { unproved: true },
      { assumed: "*" },
      { assumed: [oid(1)] },
      { moves: [move("refs/heads/a", 1, 2)] },
      { head: { oldTarget: "refs/heads/a", newTarget: "refs/heads/b" } },
      { segments: [segment(1)] },
      { carried: true },
      { containers: [container(1, 5)], leans: [] },
      { containers: [], leans: [{ container: name(2) }] },
    ];
    const random = new SeededRandom(3);
    for (let round = 0; round < 300; round++) {
      const chosen = Array.from({ length: random.between(0, 5) }, () =>
        entry(Object.assign({}, ...parts.filter(() => random.chance(0.4)))),
      );
      expect(decoded(recordAfter(unborn, { entries: chosen })).entries).toEqual(chosen);
    }
  });

  test("a SHA-256 repository", () => {
    const id = (number: number) => oid(number, 64);
    const entries = [entry({ assumed: [id(1)], moves: [{ ref: "refs/heads/a", oldId: id(1), newId: undefined }] })];
    const record = recordAfter({ ...unborn, objects: "sha256" }, { entries });
    expect(decoded(record)).toEqual(record);
  });

  test("a stub", () => {
    const stub = { trunkId: trunk.id, slot: 3, recordDigest: sha256("3"), snapshotKey: snapshotOf(3) };
    expect(decodeSlot(encodeStub(stub), 3)).toEqual({ kind: "stub", ...stub });
    expect(slotDigest(encodeStub(stub))).toBe(stub.recordDigest);
  });
});

describe("what a writer refuses", () => {
  test.each<[string, Partial<TrunkRecord>]>([
    ["more than 4,096 entries", { entries: Array.from({ length: 4097 }, () => entry()) }],
    ["two inline packs", { entries: [entry({ inline: inlineOf(pack) }), entry({ inline: inlineOf(pack) })] }],
    ["segments beside an inline pack", { entries: [entry({ segments: [segment(1)], inline: inlineOf(pack) })] }],
    ["another pack than the body", { entries: [entry({ inline: inlineOf(pack.slice(1)) })] }],
    ["a name that is no ref's", { entries: [entry({ moves: [move("refs/heads/a b", 0, 1)] })] }],
    ["a name with a line in it", { entries: [entry({ moves: [move("refs/heads/a\natomic", 0, 1)] })] }],
    ["an id with a line in it", { entries: [entry({ id: `${name(1)}\nbasis 1` })] }],
    ["an object id of another format", { entries: [entry({ assumed: [oid(1, 64)] })] }],
    ["an upper-case object id", { entries: [entry({ assumed: ["A".repeat(40)] })] }],
    ["a key that no store can hold", { doomed: ["../trunk.json"] }],
    ["a list of doomed keys in another place", { doomLists: [{ key: "latest", size: 1, digest: sha256("") }] }],
    ["a mirror with a password in its URL", mapOf({ url: "sftp://user:hunter2@host/app" })],
    ["a mirror with a token for a user's name", mapOf({ url: "postgres://:hunter2@host/db/app" })],
    ["a mirror whose URL is none", mapOf({ url: "/srv/app" })],
    ["a mirror whose URL has a line in it", mapOf({ url: "s3://b/a\nprimary b s3://c" })],
    ["a mirror with a name that is no storage's", mapOf({ name: "Backup" })],
    ["a mirror of another kind", mapOf({ mode: "slow" as "strict" })],
    ["a mirror twice", mapOf({}, {})],
    ["more than 16 mirrors", mapOf(...Array.from({ length: 17 }, (_, index) => ({ name: `m${index}` })))],
    ["a primary without a URL", { map: { removed: [], mirrors: [], primary: { name: "primary", url: "" } } }],
    ["a fraction", { entries: [entry({ timeMs: 0.5 })] }],
    [
      "an inline pack above 4 MiB",
      { entries: [entry({ carried: true, inline: { ...inlineOf(pack), size: 4 * 2 ** 20 + 1 } })] },
    ],
  ])("%s", (_, fields) => {
    const body = fields.entries?.some((one) => one.inline && !one.carried) ? pack : undefined;
    expect(codeOf(() => encodeRecord(recordAfter(unborn, fields), body))).toBe("INVALID_ARGUMENT");
  });

  test("long texts are cut, not refused", () => {
    const [read] = decoded(
      recordAfter(unborn, { entries: [entry({ author: "€".repeat(70_000), options: ["a\nb\0c"] })] }),
    ).entries;
    expect(read?.author).toBe("€".repeat(20_000));
    expect(read?.options).toEqual(["a b c"]);
  });

  test("4,096 entries, 4 MiB", () => {
    const large = new Uint8Array(4 * 2 ** 20);
    const entries = [entry({ inline: inlineOf(large) }), ...Array.from({ length: 4095 }, () => entry())];
    expect(decoded(recordAfter(unborn, { entries }), large).entries).toHaveLength(4096);
  });
});

describe("what a reader refuses", () => {
  const good = encodeRecord(fullRecord, pack).bytes;
  const text = new TextDecoder("latin1").decode(good);
  const lines = text.slice(text.indexOf("\ntrunk ") + 1, text.indexOf("\n\n")).split("\n");

  test("a record in another slot", () => {
    expect(codeOf(() => decodeSlot(good, 6))).toBe("CORRUPT");
  });

  test("every byte changed", () => {
    for (let index = 0; index < good.length; index++) {
      for (const change of [1, 0x20, 0x80]) {
        const bytes = good.slice();
        bytes[index] = (bytes[index] as number) ^ change;
        const code = codeOf(() => decodeSlot(bytes, 7));
        if (code !== "CORRUPT" && code !== "NOT_SUPPORTED") expect.fail(`byte ${index}, change ${change}: ${code}`);
      }
    }
  });

  test("every length but its own", () => {
    for (let length = 0; length < good.length; length++)
      expect(codeOf(() => decodeSlot(good.slice(0, length), 7))).toBe("CORRUPT");
    expect(codeOf(() => decodeSlot(Buffer.concat([good, Uint8Array.of(0)]), 7))).toBe("CORRUPT");
  });

  test.each([
    ["a version above ours", "trunks record 2", "NOT_SUPPORTED"],
    ["version 0", "trunks record 0", "CORRUPT"],
    ["a version with a zero before it", "trunks record 01", "CORRUPT"],
    ["an unknown kind", "trunks recipe 1", "CORRUPT"],
    ["a kind that belongs elsewhere", "trunks snapshot 1", "CORRUPT"],
    ["no kind", "trunks  1", "CORRUPT"],
  ])("%s", (_, opening, code) => {
    const changed = Buffer.concat([Buffer.from(opening), good.slice("trunks record 1".length)]);
    expect(codeOf(() => decodeSlot(changed, 7))).toBe(code);
  });

  test("a required feature", () => {
    const required = [...lines.slice(0, 4), "require time-travel", ...lines.slice(4)];
    const found = errorOf(() => decodeSlot(encodeHeadedFile("record", required, pack).bytes, 7));
    expect(found).toMatchObject({ code: "NOT_SUPPORTED", message: expect.stringContaining('"time-travel"') });
  });

  test("two lines exchanged, a line twice, a line missing: damaged, or another record that is written just so", () => {
    let damagedCount = 0;
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index] as string;
      const changes = [lines.toSpliced(index, 1), lines.toSpliced(index, 0, line)];
      if (index > 0) changes.push(lines.toSpliced(index - 1, 2, line, lines[index - 1] as string));
      for (const changed of changes) {
        const { bytes } = encodeHeadedFile("record", changed, pack);
        const code = codeOf(() => decodeSlot(bytes, 7));
        if (code === undefined)
          expect(Buffer.from(encodeRecord(decodedRecord(bytes), pack).bytes).equals(bytes)).toBe(true);
        else expect([code, damagedCount++]).toEqual(["CORRUPT", expect.anything()]);
      }
    }
    expect(damagedCount).toBeGreaterThan(lines.length);
  });

  test.each([
    ["slot 7", "slot 07"],
    ["slot 7", "slot -1"],
    ["slot 7", "slot 7 "],
    ["slot 7", "slot 1000000000000000"],
    ["objects sha1", "objects sha512"],
    ["basis 6", "basis -2"],
    ["basis 6", "basis 1e3"],
    ["basis 6", "basis 0x6"],
    ["basis 6", "basis 6.0"],
    ["basis 6", "basis 9007199254740993"],
    ["last 4102", "last -1"],
    ["atomic", "atomic "],
    ["atomic", "atomic yes"],
    ["drop", "drop 1"],
    [`assume ${oid(1)}`, `assume ${oid(0)}`],
    [`assume ${oid(1)}`, `assume ${oid(1)} `],
    ["retire record 3", "retire record 9007199254740991"],
    ["retire record 3", "retire pack 3"],
    ["retire record 3", "retire record"],
    [`segment ${name(3)} 103`, `segment ${name(3)} 0`],
    [`trunk ${trunk.id}`, `trunk ${trunk.id.toUpperCase()}a`],
    [`doom objects/${name(5)}.pack`, "doom /etc"],
    [`doom objects/${name(5)}.pack`, "doom "],
    [`doom objects/${name(5)}.pack`, "doom"],
    ["head refs/heads/main", "head main"],
    ["head refs/heads/main", "head refs/heads/main refs/heads/b"],
  ])("%j in place of which stands %j", (found, replacement) => {
    const index = lines.findIndex((line) => line.startsWith(found));
    const changed = lines.with(index, replacement + (lines[index] as string).slice(found.length));
    expect(index).not.toBe(-1);
    expect(codeOf(() => decodeSlot(encodeHeadedFile("record", changed, pack).bytes, 7))).toBe("CORRUPT");
  });

  test("a text above 64 KiB", () => {
    const changed = lines.with(lines.indexOf("option ci.skip"), `option ${"é".repeat(32_769)}`);
    expect(codeOf(() => decodeSlot(encodeHeadedFile("record", changed, pack).bytes, 7))).toBe("CORRUPT");
    const longest = lines.with(lines.indexOf("option ci.skip"), `option ${"é".repeat(32_768)}`);
    expect(codeOf(() => decodeSlot(encodeHeadedFile("record", longest, pack).bytes, 7))).toBeUndefined();
  });

  test.each([
    ["another slot", { slot: 4 }],
    ["an older snapshot", { snapshotKey: snapshotOf(2) }],
    ["no snapshot's key", { snapshotKey: "latest" }],
    ["no digest", { recordDigest: "none" }],
  ])("a stub with %s", (_, change) => {
    const stub = { trunkId: trunk.id, slot: 3, recordDigest: sha256("3"), snapshotKey: snapshotOf(3), ...change };
    expect(codeOf(() => decodeSlot(encodeStub(stub), 3))).toBe("CORRUPT");
  });

  test("every byte of a stub changed", () => {
    const stub = encodeStub({ trunkId: trunk.id, slot: 3, recordDigest: sha256("3"), snapshotKey: snapshotOf(3) });
    for (let index = 0; index < stub.length; index++) {
      const bytes = stub.with(index, (stub[index] as number) ^ 1);
      if (!["CORRUPT", "NOT_SUPPORTED"].includes(codeOf(() => decodeSlot(bytes, 3)) ?? ""))
        expect.fail(`byte ${index}`);
    }
    expect(codeOf(() => decodeSlot(Buffer.concat([stub, Uint8Array.of(0)]), 3))).toBe("CORRUPT");
  });
});

test("random bytes are nobody's record", () => {
  const random = new SeededRandom(4);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.concat([Buffer.from("trunks record 1\n"), random.bytes(random.between(0, 200))]);
    expect(codeOf(() => decodeSlot(bytes, 0))).toBe("CORRUPT");
    expect(codeOf(() => decodeSlot(random.bytes(random.between(0, 200)), 0))).toBe("CORRUPT");
  }
});

function snapshotOf(slot: number): string {
  return `refs/${999_999_999_999_999 - slot}-${name(1)}`;
}
