import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { isRefName } from "../../src/format/ref-name.ts";
import { decodeText, encodeText } from "../../src/format/text.ts";
import { SeededRandom } from "../seeded-random.ts";

const names = [
  "refs/heads/main",
  "refs/heads/a/b",
  "refs/heads/größe",
  "refs/heads/日本",
  "refs/heads/💀",
  "refs/heads/\uDCFF",
  "refs/tags/v1.0",
  "refs/x",
  "refs/",
  "refs",
  "refs//heads/a",
  "refs/heads/a/",
  "refs/heads/.a",
  "refs/.heads/a",
  "refs/heads/a.",
  "refs/heads/a./b",
  "refs/heads/a..b",
  "refs/heads/a.lock",
  "refs/heads/a.lock/b",
  "refs/heads/a.lockb",
  "refs/heads/a.LOCK",
  "refs/heads/.lock",
  "refs/heads/a b",
  "refs/heads/a\tb",
  "refs/heads/a\nb",
  "refs/heads/a\x7f",
  "refs/heads/a\x01",
  "refs/heads/a~1",
  "refs/heads/a^",
  "refs/heads/a:b",
  "refs/heads/a?",
  "refs/heads/a*",
  "refs/heads/a[b",
  "refs/heads/a]b",
  "refs/heads/a\\b",
  "refs/heads/@",
  "refs/@",
  "refs/heads/a@{b",
  "refs/heads/a@b{",
  "refs/heads/-a",
  "refs/heads/a'b\"c$d(e)f",
  "refs/heads/\u0085",
];

/** What git says of each name; only of names that begin with `refs/`, which is a trunk's own rule. */
function gitAccepts(name: string): boolean {
  return spawnSync("git", ["check-ref-format", name]).status === 0;
}

test.each(names.map((name) => [name]))("%j is a ref's name when git says so", (name) => {
  // An argument of a process is text; what is no UTF-8 stands for itself below.
  const spelt = name.includes("\uDCFF") ? name.replace("\uDCFF", "x") : name;
  expect(isRefName(name)).toBe(name.startsWith("refs/") && gitAccepts(spelt));
});

/** Names that git accepts of those given, in one run: it refuses the whole update at the first bad one, so each is asked alone. */
test("git and we agree on random names", () => {
  const random = new SeededRandom(2);
  const pieces = ["a", "b", "/", ".", "..", "lock", ".lock", "@", "{", "~", " ", "*", "\\", "-", "é", "refs", "\x7f"];
  let accepted = 0;
  for (let round = 0; round < 400; round++) {
    const name = `refs/${Array.from({ length: random.between(0, 6) }, () => random.pick(pieces)).join("")}`;
    const expected = gitAccepts(name);
    expect([name, isRefName(name)]).toEqual([name, expected]);
    if (expected) accepted++;
  }
  expect(accepted).toBeGreaterThan(50);
});

test("a name has at most 4,096 bytes", () => {
  expect(isRefName(`refs/heads/${"a".repeat(4085)}`)).toBe(true);
  expect(isRefName(`refs/heads/${"a".repeat(4086)}`)).toBe(false);
  expect(isRefName(`refs/heads/${"é".repeat(2042)}`)).toBe(true);
  expect(isRefName(`refs/heads/${"é".repeat(2043)}`)).toBe(false);
  expect(isRefName(`refs/heads/${"\uDCFF".repeat(4085)}`)).toBe(true);
  expect(isRefName(`refs/heads/${"\uDCFF".repeat(4086)}`)).toBe(false);
});

test("one name has one spelling", () => {
  const escaped = "refs/heads/\uDCC3\uDCA9";
  expect(decodeText(encodeText(escaped))).toBe("refs/heads/é");
  expect(isRefName(escaped)).toBe(false);
  expect(isRefName("refs/heads/\uD83D")).toBe(false);
  expect(isRefName("refs/heads/\uDC00")).toBe(false);
});
