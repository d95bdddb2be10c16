import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeSnapshot } from "../src/format/snapshot.ts";
import type { State } from "../src/format/state.ts";
import { Repository } from "../src/repository.ts";
import { writeLongJournal } from "./long-journal.ts";
import { oid } from "./samples.ts";

/** Records in a journal: as many behind its newest snapshot in each. `TRUNKS_TEST_RECORDS` adds a longer one. */
const tail = 36;
const longer = Number(process.env.TRUNKS_TEST_RECORDS ?? 0);
const lengths = [100, 10_020, ...(longer > 0 ? [Math.floor(longer / 64) * 64 + tail] : [])];

describe.each(lengths)("a trunk of %i records", (count) => {
  const store = new MemoryBackend();
  let state: State;

  beforeAll(async () => {
    state = await writeLongJournal(store, count);
  }, 3_600_000);

  /** The requests of what is done, with their round trips, and slots counted from the newest record. */
  async function requests(work: (repository: Repository) => Promise<unknown>, known = false): Promise<string[]> {
    const watched = trace(store);
    const cache = { load: async () => encodeSnapshot(state), save: async () => {} };
    const repository = new Repository(watched, known ? { cache } : {});
    await work(repository);
    const names = watched.names().map((name) => name.replace(/[0-9]{15}/, relative).replace(/-[0-9a-f]{32}/, ""));
    return watched.requests.map(({ depth }, index) => `${depth} ${names[index]}`);
  }

  function relative(slotName: string): string {
    const slot = 999_999_999_999_999 - Number(slotName);
    return slot === state.slot
      ? "newest"
      : slot > state.slot
        ? `newest+${slot - state.slot}`
        : `newest-${state.slot - slot}`;
  }

  test("is opened in two round trips", async () => {
    const opened = await requests((repository) => repository.readExisting());
    const records = Array.from({ length: tail - 1 }, (_, index) => `2 get journal/newest-${tail - 1 - index}`);
    const expected = [
      "1 list journal/",
      "1 get latest",
      `2 get refs/newest-${tail}`,
      ...records,
      "2 get journal/newest",
    ];
    expect(opened).toEqual(expected);
  });

  test("is read again in one", async () => {
    const read = await requests((repository) => repository.read(), true);
    expect(read).toEqual(["1 get journal/newest+1", "1 get journal/newest+2"]);
  });

  test("takes a push in two", async () => {
    const moves = [{ ref: "refs/heads/other", oldId: undefined, newId: oid(7) }];
    const pushed = await requests(async (repository) => {
      const { slot } = (await repository.read({ forPush: true })) as State;
      await repository.publish({ moves, basis: slot, assumed: [] });
    }, true);
    expect(pushed).toEqual(["1 get journal/newest+1", "1 get journal/newest [0,512)", "2 create journal/newest+1"]);
  });

  test("has a snapshot that grows with what is there, not with its age", async () => {
    expect(state.packs.size).toBeLessThan(64);
    expect(encodeSnapshot(state).length).toBeLessThan(1_000_000);
  });
});
