import { expect, test } from "vitest";
import { packNameText } from "../../src/format/pack-name.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/format/snapshot.ts";
import type { State } from "../../src/format/state.ts";
import { type FoldInput, fold } from "../../src/journal/fold.ts";
import { unborn } from "../samples.ts";
import { SeededRandom } from "../seeded-random.ts";
import type { PlainState } from "./plain-fold.ts";
import { randomHistory } from "./random-history.ts";

/** A state in the plain one's words. */
function plain(state: State): PlainState {
  const { slot, head, horizon, dropped, unproved } = state;
  return {
    slot,
    head,
    refs: Object.fromEntries(state.refs),
    packs: [...state.packs].map(([text, one]) => ({ text, slot: one.slot, size: one.pack.size })),
    retired: [...state.retired].map(([text, one]) => ({ text, slot: one.slot })),
    verdicts: [...state.verdicts].map(([id, one]) => ({ id, ...one })),
    doomed: [...state.doomed].map(([key, doomedSlot]) => ({ key, slot: doomedSlot })),
    horizon,
    dropped,
    unproved,
    primary: state.map.primary && `${state.map.primary.name} ${state.map.primary.url}`,
    mirrors: [...state.map.mirrors].map(([name, { mode, url }]) => ({ name, text: `${name} ${mode} ${url}` })),
  };
}

function states(inputs: readonly FoldInput[]): State[] {
  const found: State[] = [];
  for (const input of inputs) found.push(fold(found.at(-1) ?? unborn, [input]));
  return found;
}

test("random histories fold as docs/format.md says", () => {
  const letters = new Set<string>();
  for (let seed = 0; seed < 150; seed++) {
    const history = randomHistory(new SeededRandom(seed), 30);
    for (const [slot, state] of states(history.inputs).entries()) {
      expect([seed, plain(state)]).toEqual([seed, history.states[slot]]);
      for (const [text, { name }] of [...state.packs, ...state.retired]) expect(packNameText(name)).toBe(text);
      for (const verdict of state.verdicts.values()) for (const letter of verdict.letters) letters.add(letter);
    }
  }
  expect([...letters].sort().join("")).toBe("acrsx");
});

test("a state is the same folded one by one, at once, or from any snapshot", () => {
  for (let seed = 200; seed < 240; seed++) {
    const { inputs } = randomHistory(new SeededRandom(seed), 25);
    const all = states(inputs);
    const expected = encodeSnapshot(all.at(-1) as State);
    expect(Buffer.compare(encodeSnapshot(fold(unborn, inputs)), expected)).toBe(0);
    for (const [slot, state] of all.entries()) {
      const read = decodeSnapshot(encodeSnapshot(state), "a snapshot");
      expect(plain(read).refs).toEqual(plain(state).refs);
      const later = fold(read, inputs.slice(slot + 1));
      if (Buffer.compare(encodeSnapshot(later), expected) !== 0) expect.fail(`seed ${seed}, snapshot at ${slot}`);
    }
  }
});

test("a long history with many refs folds the same through many snapshots", () => {
  const random = new SeededRandom(7);
  const { inputs, states: expected } = randomHistory(random, 400);
  let state: State = unborn;
  for (const input of inputs) {
    state = fold(state, [input]);
    if (random.chance(0.2)) state = decodeSnapshot(encodeSnapshot(state), "a snapshot");
  }
  const { refs, ...rest } = plain(state);
  expect({ refs, ...rest }).toEqual(expected.at(-1));
});
