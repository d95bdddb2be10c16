import { describe, expect, test } from "vitest";
import { objectId, parseCommit, parseTag, treeEntries } from "../../src/pack/git-object.ts";

const corrupt = expect.objectContaining({ code: "CORRUPT" });
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const [one, two] = ["1".repeat(40), "2".repeat(40)];

test("ids", () => {
  expect(objectId("sha1", "blob", bytes(""))).toBe("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  expect(objectId("sha1", "tree", bytes(""))).toBe("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  expect(objectId("sha256", "tree", bytes(""))).toBe(
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
  );
  expect(objectId("sha1", "blob", new Uint8Array(100_000))).toBe("f18c9a678f421d5c52f6c5acc23670267d5f632f");
});

describe("commits", () => {
  test("with any number of parents, and whatever follows", () => {
    expect(parseCommit("sha1", bytes(`tree ${one}\nauthor\xff`))).toEqual({ tree: one, parents: [] });
    const merge = `tree ${one}\nparent ${two}\nparent ${one}\nauthor A <a> 1 +0\n\nparent ${one}\n`;
    expect(parseCommit("sha1", bytes(merge))).toEqual({ tree: one, parents: [two, one] });
    expect(parseCommit("sha1", bytes(`tree ${one}\n`))).toEqual({ tree: one, parents: [] });
    const long = "3".repeat(64);
    expect(parseCommit("sha256", bytes(`tree ${long}\nparent ${long}\n`))).toEqual({ tree: long, parents: [long] });
  });

  test.each([
    "",
    "tree",
    `tree ${one}`,
    `tree ${one}0\n`,
    `tree ${one.slice(1)}\n`,
    `tree ${"G".repeat(40)}\n`,
    `tree ${"A".repeat(40)}\n`,
    `parent ${one}\ntree ${one}\n`,
    `tree ${one}\nparent ${one}`,
    `tree ${one}\nparent \n`,
    `tree ${one}\nparent ${"1".repeat(64)}\n`,
  ])("refuses %j", (text) => {
    expect(() => parseCommit("sha1", bytes(text))).toThrow(corrupt);
  });
});

describe("tags", () => {
  test.each(["commit", "tree", "blob", "tag"])("of a %s", (type) => {
    expect(parseTag("sha1", bytes(`object ${one}\ntype ${type}\ntag v1\n\nmessage`))).toEqual({ object: one, type });
    expect(parseTag("sha1", bytes(`object ${one}\ntype ${type}\n`))).toEqual({ object: one, type });
  });

  test.each([
    "",
    `object ${one}\n`,
    `object ${one}\ntype branch\n`,
    `type blob\nobject ${one}\n`,
    `object ${one}\ntype blob`,
  ])("refuses %j", (text) => {
    expect(() => parseTag("sha1", bytes(text))).toThrow(corrupt);
  });
});

describe("trees", () => {
  const id = "\x01\x02\xff".repeat(7).slice(0, 20);
  const hex = Buffer.from(id, "latin1").toString("hex");
  const read = (text: string) => [...treeEntries("sha1", bytes(text))];

  test("in their order, names byte for byte", () => {
    expect(read("")).toEqual([]);
    const tree = `100644 a b\0${id}40000 \xff\xfe\0${id}160000 sub\0${id}120000 link\0${id}040000 old\0${id}100664 odd\0${id}`;
    expect(read(tree)).toEqual([
      { mode: 0o100644, name: bytes("a b"), id: hex },
      { mode: 0o40000, name: bytes("\xff\xfe"), id: hex },
      { mode: 0o160000, name: bytes("sub"), id: hex },
      { mode: 0o120000, name: bytes("link"), id: hex },
      { mode: 0o40000, name: bytes("old"), id: hex },
      { mode: 0o100664, name: bytes("odd"), id: hex },
    ]);
  });

  test.each([
    "1",
    "100644",
    " a\0",
    "100644 ",
    "100644 a",
    "100644 a\0",
    `100644 \0${"x".repeat(20)}`,
    `100648 a\0${"x".repeat(20)}`,
    `+10064 a\0${"x".repeat(20)}`,
    `1000000000 a\0${"x".repeat(20)}`,
    `100644 a\0${"x".repeat(19)}`,
    `100644 a\0${"x".repeat(21)}`,
  ])("refuses %j", (text) => {
    expect(() => read(text)).toThrow(corrupt);
  });
});
