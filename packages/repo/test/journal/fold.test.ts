import { describe, expect, test } from "vitest";
import type { Entry } from "../../src/format/entry.ts";
import type { RecordEntry, TrunkRecord } from "../../src/format/record.ts";
import type { State } from "../../src/format/state.ts";
import { fold, judge, verdictWindow } from "../../src/journal/fold.ts";
import { codeOf } from "../failure.ts";
import { container, entry, inlineOf, move, name, oid, recordAfter, segment, sha256, unborn } from "../samples.ts";

/** The state behind `state` and one record. */
function after(state: State, fields: Partial<TrunkRecord>): State {
  const record = recordAfter(state, fields);
  return fold(state, [{ record, digest: sha256(`${record.slot}`), doomedKeys: record.doomed }]);
}

function pushed(state: State, ...entries: Partial<RecordEntry>[]): State {
  return after(state, { entries: entries.map((fields) => entry({ basis: state.slot, ...fields })) });
}

function idle(state: State, count: number): State {
  let next = state;
  for (let index = 0; index < count; index++) next = after(next, {});
  return next;
}

/** The letters that `fields` gets behind `state`, and the state after it. */
function verdict(state: State, fields: Partial<RecordEntry>): [string | undefined, State] {
  const one = entry({ basis: state.slot, last: state.slot + 1000, ...fields });
  const next = after(state, { entries: [one] });
  expect(judge(state, one)?.letters).toBe(next.verdicts.get(one.id)?.letters);
  return [next.verdicts.get(one.id)?.letters, next];
}

function refs(state: State): Record<string, number> {
  return Object.fromEntries([...state.refs].map(([ref, { id }]) => [ref, Number(id)]));
}

function moves(...list: [string, number, number][]): Entry["moves"] {
  return list.map(([ref, oldNumber, newNumber]) => move(`refs/heads/${ref}`, oldNumber, newNumber));
}

const start = pushed(unborn, { moves: moves(["a", 0, 1], ["b/c", 0, 2]) });

describe("verdicts", () => {
  test.each<[string, Entry["moves"], string, Record<string, number>]>([
    ["a new ref", moves(["d", 0, 3]), "a", { "refs/heads/d": 3 }],
    ["a moved ref", moves(["a", 1, 3]), "a", { "refs/heads/a": 3 }],
    ["a deleted ref", moves(["a", 1, 0]), "a", {}],
    ["a ref moved to where it is", moves(["a", 1, 1]), "a", {}],
    ["a ref that stays absent", moves(["d", 0, 0]), "a", {}],
    ["another value than expected", moves(["a", 2, 3]), "s", {}],
    ["a value where none is", moves(["d", 1, 3]), "s", {}],
    ["none where a value is", moves(["a", 0, 3]), "s", {}],
    ["a deletion of what is not there", moves(["d", 1, 0]), "s", {}],
    ["a name below a ref", moves(["a/b", 0, 3]), "c", {}],
    ["a name far below a ref", moves(["a/b/c/d", 0, 3]), "c", {}],
    ["a name that is a folder", moves(["b", 0, 3]), "c", {}],
    [
      "a name that only begins alike",
      moves(["ab", 0, 3], ["b-", 0, 4]),
      "a",
      { "refs/heads/ab": 3, "refs/heads/b-": 4 },
    ],
    ["a folder whose last ref goes first", moves(["b/c", 2, 0], ["b", 0, 3]), "a", { "refs/heads/b": 3 }],
    ["a folder whose last ref goes last", moves(["b", 0, 3], ["b/c", 2, 0]), "ca", {}],
    ["a ref that becomes a folder", moves(["a", 1, 0], ["a/b", 0, 3]), "a", { "refs/heads/a/b": 3 }],
    ["a ref moved twice", moves(["a", 1, 3], ["a", 3, 4]), "a", { "refs/heads/a": 4 }],
    ["a ref made twice", moves(["d", 0, 3], ["d", 0, 4]), "as", { "refs/heads/d": 3 }],
    ["some of several", moves(["a", 1, 3], ["b/c", 1, 3], ["b", 0, 3]), "asc", { "refs/heads/a": 3 }],
    ["none of several", moves(["a", 2, 3], ["b/c", 1, 3]), "s", {}],
  ])("%s", (_, list, letters, changes) => {
    const [found, state] = verdict(start, { moves: list });
    expect(found).toBe(letters);
    const expected: Record<string, number> = { ...refs(start), ...changes };
    for (const [index, { ref, newId }] of list.entries())
      if (newId === undefined && (letters[index] ?? letters) === "a") delete expected[ref];
    expect(refs(state)).toEqual(expected);
  });

  test("an entry without moves is applied, and brings its packs", () => {
    const [letters, state] = verdict(start, { segments: [segment(1)] });
    expect(letters).toBe("a");
    expect([...state.packs.keys()]).toEqual([`segment ${name(1)}`]);
  });

  test("a ref keeps what its tag points to", () => {
    const [, state] = verdict(start, {
      moves: [{ ...move("refs/tags/v1", 0, 3), peeledId: move("", 0, 1).newId as string }],
    });
    expect(state.refs.get("refs/tags/v1")).toEqual({ id: move("", 0, 3).newId, peeledId: move("", 0, 1).newId });
  });
});

describe("an atomic entry", () => {
  test.each<[string, Entry["moves"], string]>([
    ["changes all", moves(["a", 1, 3], ["b/c", 2, 4]), "a"],
    ["changes nothing when a move is stale", moves(["a", 1, 3], ["b/c", 1, 4], ["d", 0, 5]), "xsx"],
    ["changes nothing when a move conflicts", moves(["a", 1, 3], ["b", 0, 4]), "xc"],
    ["keeps the letters of all that failed", moves(["a", 2, 3], ["b", 0, 4]), "sc"],
  ])("%s", (_, list, letters) => {
    const [found, state] = verdict(start, { atomic: true, moves: list });
    expect(found).toBe(letters);
    expect(refs(state)).toEqual(letters === "a" ? { "refs/heads/a": 3, "refs/heads/b/c": 4 } : refs(start));
  });

  test("takes back in the other order what it did", () => {
    const list = moves(["a", 1, 3], ["a", 3, 0], ["a/b", 0, 4], ["a/b", 4, 5], ["d", 1, 1]);
    const [letters, state] = verdict(start, { atomic: true, moves: list });
    expect(letters).toBe("xxxxs");
    expect(refs(state)).toEqual(refs(start));
    // Also what refs know of their folders.
    expect(verdict(state, { moves: moves(["a/b", 0, 6]) })[0]).toBe("c");
    expect(verdict(state, { moves: moves(["b", 0, 6]) })[0]).toBe("c");
  });

  test("moves HEAD with the refs, or neither", () => {
    const head = { oldTarget: "refs/heads/main", newTarget: "refs/heads/a" };
    const [applied, state] = verdict(start, { atomic: true, moves: moves(["a", 1, 3]), head });
    expect([applied, state.head]).toEqual(["a", "refs/heads/a"]);
    const [refused, same] = verdict(start, { atomic: true, moves: moves(["a", 2, 3]), head });
    expect([refused, same.head]).toEqual(["sx", "refs/heads/main"]);
    const [stale, other] = verdict(state, { atomic: true, moves: moves(["a", 3, 4]), head });
    expect([stale, other.head, refs(other)["refs/heads/a"]]).toEqual(["xs", "refs/heads/a", 3]);
  });

  test("brings no pack when it is refused", () => {
    const [letters, state] = verdict(start, {
      atomic: true,
      unproved: true,
      moves: moves(["a", 1, 3], ["b/c", 1, 3]),
      segments: [segment(1)],
    });
    expect([letters, state.packs.size, state.unproved]).toEqual(["xs", 0, -1]);
  });
});

describe("HEAD", () => {
  const head = { oldTarget: "refs/heads/main", newTarget: "refs/heads/gone" };

  test("is a last move, judged by itself", () => {
    const [letters, state] = verdict(start, { moves: moves(["a", 2, 3]), head });
    expect([letters, state.head]).toEqual(["sa", "refs/heads/gone"]);
    const [again, same] = verdict(state, { moves: moves(["a", 1, 3]), head });
    expect([again, same.head]).toEqual(["as", "refs/heads/gone"]);
    expect(verdict(state, { head })[0]).toBe("s");
  });
});

describe("packs", () => {
  const bytes = Uint8Array.of(1, 2, 3);

  test("enter with the slot of their record, under their names", () => {
    const carried = entry({ carried: true, basis: start.slot, inline: inlineOf(bytes) });
    const state = after(start, {
      segments: [segment(1)],
      entries: [
        entry({ basis: start.slot, inline: inlineOf(bytes) }),
        carried,
        entry({ carried: true, basis: start.slot, segments: [segment(2)] }),
      ],
    });
    expect([...state.packs.values()].map(({ slot }) => slot)).toEqual([1, 1, 1, 1]);
    const keys = [`segment ${name(1)}`, "record 1", `intent ${carried.id}`, `segment ${name(2)}`];
    expect([...state.packs.keys()]).toEqual(keys);
  });

  test("enter when one move of several is applied, not when none is", () => {
    expect(verdict(start, { moves: moves(["a", 1, 3], ["b", 0, 3]), segments: [segment(1)] })[1].packs.size).toBe(1);
    expect(verdict(start, { moves: moves(["a", 2, 3]), segments: [segment(1)] })[1].packs.size).toBe(0);
  });

  test("retire, are doomed, and are forgotten", () => {
    const full = after(start, { segments: [segment(1), segment(2), segment(3)] });
    const compacted = after(full, {
      retired: [
        { kind: "segment", id: name(1) },
        { kind: "segment", id: name(2) },
      ],
      segments: [segment(4)],
      drop: true,
    });
    expect([...compacted.packs.keys()]).toEqual([`segment ${name(3)}`, `segment ${name(4)}`]);
    expect([...compacted.retired.values()].map(({ slot }) => slot)).toEqual([2, 2]);
    expect(compacted.dropped).toBe(2);
    // Either of its two keys will do.
    const swept = after(compacted, { doomed: [`objects/${name(2)}.idx`] });
    expect([...swept.retired.keys()]).toEqual([`segment ${name(1)}`]);
    expect([...swept.doomed]).toEqual([[`objects/${name(2)}.idx`, 3]]);
    expect(idle(swept, verdictWindow - 1).doomed.size).toBe(1);
    expect(idle(swept, verdictWindow).doomed.size).toBe(0);
  });

  test("that are in no catalogue do not retire", () => {
    expect(after(start, { retired: [{ kind: "segment", id: name(1) }] }).retired.size).toBe(0);
  });

  test("of records and intents retire and are doomed by their keys", () => {
    const carried = entry({ carried: true, inline: inlineOf(bytes) });
    const full = after(unborn, { entries: [entry({ inline: inlineOf(bytes) }), carried] });
    const retired = after(full, {
      retired: [
        { kind: "record", slot: 0 },
        { kind: "intent", id: carried.id },
      ],
    });
    expect([...retired.retired.keys()]).toEqual(["record 0", `intent ${carried.id}`]);
    const swept = after(retired, { doomed: ["journal/999999999999999", `intents/${carried.id}`] });
    expect(swept.retired.size).toBe(0);
  });

  test("that come again leave the retired ones, and stand last", () => {
    const full = after(start, { segments: [segment(1), segment(2)] });
    const retired = after(full, { retired: [{ kind: "segment", id: name(1) }] });
    const again = after(retired, { segments: [segment(1), segment(2)] });
    expect([...again.packs.values()].map(({ slot, name: pack }) => [slot, pack])).toEqual([
      [3, { kind: "segment", id: name(1) }],
      [3, { kind: "segment", id: name(2) }],
    ]);
    expect(again.retired.size).toBe(0);
  });
});

describe("retry", () => {
  const doomed = after(start, { doomed: [`objects/${name(1)}.pack`, `objects/${name(2)}.idx`, `intents/${name(3)}`] });

  test.each<[string, Partial<RecordEntry>, string]>([
    ["a segment whose pack is doomed", { segments: [segment(9), segment(1)] }, "r"],
    ["a segment whose index is doomed", { segments: [segment(2)] }, "r"],
    ["another segment", { segments: [segment(9)] }, "a"],
    ["a carried pack that is doomed", { id: name(3), carried: true, inline: inlineOf(Uint8Array.of(1)) }, "r"],
    ["the same id, not carried", { id: name(3), inline: inlineOf(Uint8Array.of(1)) }, "a"],
    ["the same id, carried without a pack", { id: name(3), carried: true }, "a"],
  ])("%s", (_, fields, letters) => {
    const [found, state] = verdict(doomed, { ...fields, moves: moves(["a", 1, 3]) });
    expect(found).toBe(letters);
    expect(refs(state)["refs/heads/a"]).toBe(letters === "a" ? 3 : 1);
  });

  test("a doom in the same record counts, a later one does not", () => {
    const push = entry({ basis: start.slot, segments: [segment(1)] });
    const state = after(start, { doomed: [`objects/${name(1)}.pack`], entries: [push] });
    expect(state.verdicts.get(push.id)?.letters).toBe("r");
    expect(after(pushed(start, { segments: [segment(1)] }), { doomed: [`objects/${name(1)}.pack`] }).packs.size).toBe(
      1,
    );
  });

  const dropped = after(start, { drop: true });

  test.each<[string, Partial<RecordEntry>, string]>([
    ["all that was assumed is a ref's value still", { basis: 0, assumed: [move("", 0, 1).newId as string] }, "a"],
    ["something is not", { basis: 0, assumed: [move("", 0, 1).newId as string, move("", 0, 9).newId as string] }, "r"],
    ["anything was assumed", { basis: 0, assumed: "*" }, "r"],
    ["nothing was assumed", { basis: 0, assumed: [] }, "a"],
    ["the basis knows of the drop", { basis: 1, assumed: "*" }, "a"],
    [
      "the basis knows of the drop, and something is not there",
      { basis: 1, assumed: [move("", 0, 9).newId as string] },
      "a",
    ],
  ])("behind a drop, when %s", (_, fields, letters) => {
    expect(verdict(dropped, { ...fields, moves: moves(["a", 1, 3]) })[0]).toBe(letters);
  });

  test("a drop in the same record counts", () => {
    const push = entry({ basis: start.slot, assumed: "*" });
    expect(after(start, { drop: true, entries: [push] }).verdicts.get(push.id)?.letters).toBe("r");
  });

  test("values are those that the entry meets, also of entries before it", () => {
    const first = entry({ basis: 1, moves: moves(["a", 1, 5]) });
    const gone = entry({ basis: 0, assumed: [move("", 0, 1).newId as string] });
    const come = entry({ basis: 0, assumed: [move("", 0, 5).newId as string] });
    const state = after(dropped, { entries: [first, gone, come] });
    expect([gone, come].map(({ id }) => state.verdicts.get(id)?.letters)).toEqual(["r", "a"]);
  });
});

describe("containers", () => {
  const state = pushed(start, { containers: [container(1, 1, 2), container(2, 3)] });
  const large = (one: State) =>
    [...one.packs.values()].map(({ name: { kind }, pack }) => [
      kind,
      ...("large" in pack ? pack.large.map(({ id }) => Number(id)) : []),
    ]);

  test("enter with their blobs, which may be forgotten, and retire with them", () => {
    expect(large(state)).toEqual([
      ["container", 1, 2],
      ["container", 3],
    ]);
    const less = after(state, {
      forgotten: [
        { container: name(1), blob: oid(1) },
        { container: name(9), blob: oid(1) },
      ],
    });
    expect(large(less)).toEqual([
      ["container", 2],
      ["container", 3],
    ]);
    const retired = after(less, { retired: [{ kind: "container", id: name(2) }] });
    expect(large(retired)).toEqual([["container", 2]]);
    expect([...retired.retired.keys()]).toEqual([`container ${name(2)}`]);
    const swept = after(retired, { doomed: [`chunks/${name(2)}.pack`] });
    expect(swept.retired.size).toBe(0);
    expect(verdict(swept, { basis: 0, containers: [container(2)] })[0]).toBe("r");
  });

  test.each<[string, RecordEntry["leans"], string]>([
    ["a container", [{ container: name(1) }, { container: name(2) }], "a"],
    ["a container that is not there", [{ container: name(1) }, { container: name(3) }], "r"],
    ["a blob", [{ container: name(1), blob: oid(2) }], "a"],
    ["a blob that another container brings", [{ container: name(2), blob: oid(2) }], "r"],
    ["a blob that was forgotten", [{ container: name(1), blob: oid(1) }], "r"],
  ])("bear an entry that leans on %s, or send it back", (_, leans, letters) => {
    const later = after(state, { forgotten: [{ container: name(1), blob: oid(1) }] });
    expect(verdict(later, { leans })[0]).toBe(letters);
  });
});

describe("an entry is judged once", () => {
  test("in one record or in two", () => {
    const push = entry({ basis: start.slot, moves: moves(["a", 1, 3]) });
    const back = entry({ basis: start.slot, moves: moves(["a", 3, 1]) });
    const once = after(start, { entries: [push, back, { ...push, carried: true }] });
    expect(refs(once)["refs/heads/a"]).toBe(1);
    const twice = after(once, { entries: [{ ...push, carried: true }] });
    expect(refs(twice)["refs/heads/a"]).toBe(1);
    expect(twice.verdicts.get(push.id)).toEqual({ slot: 1, letters: "a" });
  });

  test("also when it was refused", () => {
    const push = entry({ basis: start.slot, moves: moves(["a", 3, 4]) });
    const refused = after(start, { entries: [push] });
    const again = after(pushed(refused, { moves: moves(["a", 1, 3]) }), { entries: [push] });
    expect(again.verdicts.get(push.id)).toEqual({ slot: 1, letters: "s" });
    expect(refs(again)["refs/heads/a"]).toBe(3);
  });

  test("until its last slot", () => {
    expect(verdict(start, { last: 1, moves: moves(["a", 1, 3]) })[0]).toBe("a");
    const [letters, state] = verdict(start, { last: 0, moves: moves(["a", 1, 3]) });
    expect([letters, refs(state)]).toEqual([undefined, refs(start)]);
  });

  test.each([1, 2, 999_999])("and not with basis %i, which is not before it", (basis) => {
    const [letters, state] = verdict(start, { basis, last: 1e9, moves: moves(["a", 1, 3]) });
    expect([letters, refs(state)]).toEqual([undefined, refs(start)]);
  });
});

describe("the horizon", () => {
  test("is 4,096 slots back, and what lies behind it is forgotten", () => {
    const first = entry({ basis: -1, moves: moves(["a", 0, 1]) });
    const old = after(unborn, { entries: [first] });
    const before = idle(old, verdictWindow - 1);
    expect([before.slot, before.horizon, before.verdicts.has(first.id)]).toEqual([4095, -1, true]);
    const at = after(before, {});
    expect([at.horizon, at.verdicts.has(first.id)]).toEqual([0, false]);
  });

  test("makes old entries void, so that a forgotten one is not applied again", () => {
    const first = entry({ basis: -1, last: 1e9, moves: moves(["a", 0, 1]) });
    const deleted = pushed(after(unborn, { entries: [first] }), { moves: moves(["a", 1, 0]) });
    for (const count of [verdictWindow - 2, verdictWindow - 1, verdictWindow + 5]) {
      const late = after(idle(deleted, count), { entries: [{ ...first, carried: true }] });
      expect(refs(late)).toEqual({});
    }
  });

  test("lets an entry pass whose basis it has just reached", () => {
    const state = idle(unborn, verdictWindow + 11); // Slot 4106, horizon 10.
    expect(state.horizon).toBe(10);
    expect(verdict(state, { basis: 10, last: 1e9, moves: moves(["a", 0, 1]) })[0]).toBe("a");
    expect(verdict(state, { basis: 9, last: 1e9, moves: moves(["a", 0, 1]) })[0]).toBeUndefined();
  });

  test("moves on when more than 65,536 verdicts are kept: by whole slots, the oldest first", () => {
    let state = unborn;
    const full = () => Array.from({ length: 4096 }, () => entry({ basis: state.slot, last: 1e9 }));
    for (let slot = 0; slot < 16; slot++) state = after(state, { entries: full() });
    expect([state.verdicts.size, state.horizon]).toEqual([65_536, -1]);
    const one = pushed(state, {});
    expect([one.verdicts.size, one.horizon]).toEqual([65_536 - 4096 + 1, 0]);
    const many = after(state, { entries: full() });
    expect([many.verdicts.size, many.horizon]).toEqual([65_536, 0]);
    expect(Math.min(...[...many.verdicts.values()].map(({ slot }) => slot))).toBe(1);
  });
});

describe("a record that does not belong", () => {
  test.each<[string, Partial<TrunkRecord>]>([
    ["of another trunk", { trunkId: name(1) }],
    ["of another object format", { objects: "sha256" }],
    ["of a later slot", { slot: 2 }],
    ["of an earlier slot", { slot: 0 }],
    ["behind another record", { previous: sha256("another") }],
  ])("%s is damage", (_, fields) => {
    const record = { ...recordAfter(start), ...fields };
    expect(codeOf(() => fold(start, [{ record, digest: sha256(""), doomedKeys: [] }]))).toBe("CORRUPT");
  });
});

test("a state does not change when records are folded behind it", () => {
  const state = after(after(start, { segments: [segment(1)] }), { doomed: [`objects/${name(5)}.pack`] });
  const before = JSON.stringify([...state.refs, ...state.packs, ...state.verdicts, ...state.doomed, ...state.retired]);
  for (let index = 0; index < 3; index++) {
    pushed(state, { moves: moves(["a", 1, 0], ["x", 0, 4]), segments: [segment(2)] });
    after(state, { retired: [{ kind: "segment", id: name(1) }], doomed: [`objects/${name(6)}.pack`] });
  }
  expect(JSON.stringify([...state.refs, ...state.packs, ...state.verdicts, ...state.doomed, ...state.retired])).toBe(
    before,
  );
});
