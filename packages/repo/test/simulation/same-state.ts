import { encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";

/** Whether two states are one and the same trunk at one slot: whether their snapshots would have the same bytes. */
export function isSameState(left: State, right: State): boolean {
  // The bytes are the judge; what is plainly equal need not be written down to be compared.
  return isPlainlySame(left, right) || Buffer.compare(encodeSnapshot(left), encodeSnapshot(right)) === 0;
}

function isPlainlySame(left: State, right: State): boolean {
  const { refs, packs, retired, verdicts, doomed, map, ...rest } = left;
  return (
    isSame(rest, right, Object.keys(rest)) &&
    isSameMap(refs, right.refs) &&
    hasSameOrder(packs, right.packs) &&
    hasSameOrder(retired, right.retired) &&
    hasSameOrder(verdicts, right.verdicts) &&
    hasSameOrder(doomed, right.doomed) &&
    isSame(map.primary, right.map.primary) &&
    isSameMap(map.mirrors, right.map.mirrors)
  );
}

/** For maps that are written in the order of their keys. */
function isSameMap(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (!isSame(value, right.get(key))) return false;
  return true;
}

/** For maps that are written in their own order. */
function hasSameOrder(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  const others = right.entries();
  for (const [key, value] of left) {
    const other = others.next();
    if (other.done || other.value[0] !== key || !isSame(value, other.value[1])) return false;
  }
  return true;
}

/** For values made of numbers, text, lists and objects; `keys` are all that `left` has. */
function isSame(left: unknown, right: unknown, keys?: readonly string[]): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const names = keys ?? Object.keys(left);
  if (keys === undefined && names.length !== Object.keys(right).length) return false;
  return names.every((name) => isSame(left[name as keyof typeof left], right[name as keyof typeof right]));
}
