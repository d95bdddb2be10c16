import { expect, test } from "vitest";
import { compareText, decodeText, encodeText } from "../../src/format/text.ts";
import { SeededRandom } from "../seeded-random.ts";

const utf8 = new TextEncoder();

test("text in UTF-8 reads as itself", () => {
  for (const text of ["", "main", "größe", "\uFEFFmark", "日本", "💀", "a\nb\n", "�", "\u{1F480}\u{10FFFF}"]) {
    expect(decodeText(utf8.encode(text))).toBe(text);
    expect(encodeText(text)).toEqual(utf8.encode(text));
  }
});

test.each([
  ["a byte alone", [0xff], "\uDCFF"],
  ["a sequence cut short", [0x61, 0xc3], "a\uDCC3"],
  ["a sequence cut short by a line", [0xe2, 0x82, 0x0a, 0x61], "\uDCE2\uDC82\na"],
  ["an overlong slash", [0xc0, 0xaf], "\uDCC0\uDCAF"],
  ["a surrogate in UTF-8", [0xed, 0xb2, 0x80], "\uDCED\uDCB2\uDC80"],
  ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80], "\uDCF4\uDC90\uDC80\uDC80"],
  ["Latin-1 beside UTF-8", [0xe9, 0xc3, 0xa9], "\uDCE9é"],
  ["a character beyond the plane beside a byte", [0xf0, 0x9f, 0x92, 0x80, 0x80], "💀\uDC80"],
])("%s comes back", (_, bytes, text) => {
  expect(decodeText(Uint8Array.from(bytes))).toBe(text);
  expect([...encodeText(text)]).toEqual(bytes);
});

test("every two bytes come back", () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const bytes = Uint8Array.of(first, second);
      if (Buffer.compare(encodeText(decodeText(bytes)), bytes) !== 0) expect.fail(`${first} ${second}`);
    }
  }
});

/** Bytes among which valid, cut and invalid sequences are all frequent. */
function randomBytes(random: SeededRandom): Uint8Array {
  const pieces = [[0x61], [0x0a], [0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x92, 0x80], [0xed, 0xb2, 0x80]];
  const bytes = Array.from({ length: random.between(0, 12) }, () =>
    random.chance(0.3) ? [random.between(0, 256)] : random.pick(pieces).slice(0, random.between(1, 5)),
  );
  return Uint8Array.from(bytes.flat());
}

test("random bytes come back, and their texts order as they do", () => {
  const random = new SeededRandom(1);
  let before: Uint8Array = new Uint8Array(0);
  for (let round = 0; round < 20_000; round++) {
    const bytes = randomBytes(random);
    const comesBack = Buffer.compare(encodeText(decodeText(bytes)), bytes) === 0;
    const order = Math.sign(compareText(decodeText(before), decodeText(bytes)));
    if (!comesBack || order !== Buffer.compare(before, bytes)) expect.fail(`${before} | ${bytes}`);
    before = bytes;
  }
});

test.each([
  ["refs/heads/a", "refs/heads/a", 0],
  ["a", "b", -1],
  ["a", "a/b", -1],
  ["\uFFFD", "\u{10000}", -1],
  ["\uE000", "\u{10000}", -1],
  ["\uD7FF", "\uE000", -1],
  ["é", "\uDCC3", 1],
  ["\uDCFF", "\u{10FFFF}", 1],
])("%j beside %j orders as their bytes", (left, right, expected) => {
  expect(Math.sign(compareText(left, right))).toBe(expected);
  expect(Math.sign(compareText(right, left))).toBe(0 - expected);
});

test("much text with odd names comes back", () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => {
    const odd = index % 3 === 0 ? Uint8Array.of(0xff, 0xe9) : utf8.encode("größe");
    return Buffer.concat([utf8.encode(`ref ${index} refs/heads/`), odd, Uint8Array.of(0x0a)]);
  });
  const bytes = Buffer.concat(lines);
  const text = decodeText(bytes);
  expect(text.split("\n").slice(0, 2)).toEqual(["ref 0 refs/heads/\uDCFF\uDCE9", "ref 1 refs/heads/größe"]);
  expect(Buffer.compare(encodeText(text), bytes)).toBe(0);
});
