import { describe, expect, test } from "vitest";
import { RefLines } from "../../src/format/ref-lines.ts";
import { decodeSnapshot, encodeSnapshot, listedRefs, sortedRefs } from "../../src/format/snapshot.ts";
import type { Ref, State } from "../../src/format/state.ts";
import { emptyState } from "../../src/journal/fold.ts";
import { codeOf } from "../failure.ts";
import { oid, trunk, unborn } from "../samples.ts";

const count = 3000;

/** Many refs in order; each `peeledEvery`th an annotated tag. */
function many(peeledEvery = 0, digits = 40): Map<string, Ref> {
  const names = Array.from(
    { length: count },
    (_, index) => `refs/heads/team-${index % 7}/v1.${index}+x_${index}`,
  ).sort();
  const refs = names.map((name, index): [string, Ref] => {
    const id = oid(index + 1, digits);
    const isPeeled = peeledEvery > 0 && index % peeledEvery === 0;
    return [name, isPeeled ? { id, peeledId: oid(index + 9000, digits) } : { id }];
  });
  return new Map(refs);
}

function decoded(state: State): State {
  return decodeSnapshot(encodeSnapshot(state), "a snapshot");
}

describe("the refs of a large snapshot", () => {
  test.each([0, 3])("are those that were written, however they are asked for; peeled every %i", (peeledEvery) => {
    const refs = many(peeledEvery);
    const [first] = [...refs.keys()];
    const read = decoded({ ...unborn, refs }).refs;
    expect(read).toBeInstanceOf(RefLines);
    expect(read.size).toBe(count);
    // A few are searched for, then all are taken apart.
    for (const name of [first as string, "refs/heads/none", "refs/heads/team-1/v1.1", ...refs.keys()]) {
      expect(read.get(name)).toEqual(refs.get(name));
      expect(read.has(name)).toBe(refs.has(name));
    }
    expect([...read]).toEqual([...refs]);
    expect([...read.keys()]).toEqual([...refs.keys()]);
    expect([...read.values()]).toEqual([...refs.values()]);
    expect(sortedRefs({ refs: read })).toEqual([...refs]);
    const visited = new Map<string, Ref>();
    read.forEach((ref, name) => void visited.set(name, ref));
    expect(visited).toEqual(refs);
  });

  test("are listed as they are, unless tags are among them", () => {
    const refs = many();
    const lines = [...refs].map(([name, { id }]) => `${id} ${name}`).join("\n");
    expect(listedRefs(decoded({ ...unborn, refs }))).toBe(lines);
    expect(listedRefs(decoded({ ...unborn, refs: many(5) }))).toBeUndefined();
    expect(listedRefs({ refs })).toBeUndefined();
  });

  test("are written again as they were", () => {
    const bytes = encodeSnapshot({ ...unborn, refs: many(4) });
    expect(Buffer.compare(encodeSnapshot(decodeSnapshot(bytes, "a snapshot")), bytes)).toBe(0);
  });

  test("may have long ids", () => {
    const state = { ...emptyState({ ...trunk, objects: "sha256" }), refs: many(2, 64) };
    expect([...decoded(state).refs]).toEqual([...state.refs]);
  });

  test.each(["refs/heads/größe", "refs/heads/a@b", "refs/tags/x.locked"])("may have rare names: %s", (name) => {
    const refs = many().set(name, { id: oid(7) });
    const read = decoded({ ...unborn, refs }).refs;
    expect(read).not.toBeInstanceOf(RefLines);
    expect(new Map(read)).toEqual(refs);
  });

  test.each(["refs/heads/a..b", "refs/heads/x.lock", "refs/heads/.x", "refs/heads/a b", "heads/x", "refs/heads/x/"])(
    "may not have the name %s",
    (name) => {
      const refs = many().set(name, { id: oid(7) });
      expect(codeOf(() => decoded({ ...unborn, refs }))).toBe("CORRUPT");
    },
  );

  test("have a value", () => {
    const refs = many().set("refs/heads/zero", { id: oid(0) });
    expect(codeOf(() => decoded({ ...unborn, refs }))).toBe("CORRUPT");
  });
});

describe("lines that are not plainly right", () => {
  const good = [`ref ${oid(1)} - refs/heads/a\n`, `ref ${oid(2)} ${oid(3)} refs/tags/b\n`];

  test.each([
    ["out of order", good.toReversed().join("")],
    ["twice", [good[0], ...good].join("")],
    ["cut", good.join("").slice(0, -1)],
    ["something else", `${good[0]}pack 1\n`],
    ["of another length", `ref ${oid(1, 64)} - refs/heads/a\n`],
  ])("are no lines of refs: %s", (_, text) => {
    expect(RefLines.of(good.join(""), "sha1")?.size).toBe(2);
    expect(RefLines.of(text, "sha1")).toBeUndefined();
  });
});
