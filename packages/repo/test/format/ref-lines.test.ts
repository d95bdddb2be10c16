import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RefLines } from "../../src/format/ref-lines.ts";
import { decodeSnapshot, encodeSnapshot, listedRefs, refIds, sortedRefs } from "../../src/format/snapshot.ts";
import type { Ref, State } from "../../src/format/state.ts";
import { emptyState } from "../../src/journal/fold.ts";
import { OverlayMap } from "../../src/overlay-map.ts";
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

  test.each([0, 3])("stay lines when some of them change; peeled every %i", (peeledEvery) => {
    const refs = many(peeledEvery);
    const names = [...refs.keys()];
    const { refs: read } = decoded({ ...unborn, refs });
    const changed = new OverlayMap(read);
    const expected = new Map(refs);
    const change = (name: string, ref: Ref | undefined) => {
      for (const map of [changed, expected]) {
        if (ref === undefined) map.delete(name);
        else map.set(name, ref);
      }
    };
    change("refs/a", { id: oid(1) });
    change("refs/z", { id: oid(2) });
    change("refs/heads/team-3/new", { id: oid(3) });
    for (const at of [0, 1, 1500, count - 1]) change(names[at] as string, undefined);
    for (const at of [2, 1501, count - 2]) change(names[at] as string, { id: oid(7777), peeledId: oid(4 + at) });
    change(names[1] as string, { id: oid(5) });
    const bytes = encodeSnapshot({ ...unborn, refs: expected });
    expect(Buffer.compare(encodeSnapshot({ ...unborn, refs: changed }), bytes)).toBe(0);
    expect(refIds({ refs: changed })).toEqual(new Set([...expected.values()].map(({ id }) => id)));
    expect(refIds({ refs: read })).toEqual(new Set([...refs.values()].map(({ id }) => id)));
    // A name whose characters are in another order than its bytes.
    change("refs/heads/team-3/\u{1f600}", { id: oid(6) });
    change("refs/heads/team-3/\uffee", { id: oid(6) });
    const rare = encodeSnapshot({ ...unborn, refs: expected });
    expect(Buffer.compare(encodeSnapshot({ ...unborn, refs: changed }), rare)).toBe(0);
  });

  test("are put together once for a state that is listed, looked through, saved and kept in a snapshot", () => {
    const refs = new OverlayMap(decoded({ ...unborn, refs: many() }).refs);
    refs.set("refs/heads/new", { id: oid(1) });
    const state = { ...unborn, refs };
    const putTogether = vi.spyOn(RefLines.prototype, "with");
    onTestFinished(() => putTogether.mockRestore());
    expect(listedRefs(state)).toContain(`${oid(1)} refs/heads/new`);
    expect(refIds(state).size).toBe(count);
    const bytes = encodeSnapshot(state);
    expect(Buffer.compare(encodeSnapshot(state), bytes)).toBe(0);
    expect(putTogether).toHaveBeenCalledTimes(1);
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
