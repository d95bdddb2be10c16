import { MemoryBackend } from "@trunks/core/memory";
import { beforeEach, expect, test } from "vitest";
import type { ReadRecord } from "../../src/journal/slots.ts";
import { Repository } from "../../src/repository.ts";
import { packsSince } from "../../src/transfer/packs-since.ts";
import { JournalWriter } from "../journal-writer.ts";
import { inlineOf, move, segment } from "../samples.ts";

let writer: JournalWriter;
let records: readonly ReadRecord[];

/** Four pushes, of which the third is refused; then all are made one large segment; then one more. */
beforeEach(async () => {
  const store = new MemoryBackend();
  writer = await new JournalWriter(store).begin();
  const pack = Uint8Array.of(1, 2, 3);
  for (const ref of ["a", "b"])
    await writer.push({ moves: [move(`refs/heads/${ref}`, 0, 1)], inline: inlineOf(pack) }, pack);
  await writer.push({ moves: [move("refs/heads/a", 7, 1)], inline: inlineOf(pack) }, pack);
  await writer.push({ moves: [move("refs/heads/c", 0, 1)], segments: [segment(1)] });
  const retired = [...writer.state.packs.values()].map(({ name }) => name);
  await writer.append({ retired, segments: [{ ...segment(9), size: 1_000_000 }] });
  await writer.push({ moves: [move("refs/heads/d", 0, 1)], inline: inlineOf(pack) }, pack);
  const repository = new Repository(store);
  await repository.read();
  records = repository.records;
});

const names = (slot: number, known = records) =>
  packsSince(writer.state, slot, known).map(({ name }) => (name.kind === "record" ? name.slot : name.kind));

test("are those of the pushes, where compaction has made more of them than is missing", () => {
  expect(names(0)).toEqual([1, "segment", 5]);
  expect(names(3)).toEqual([5]);
  expect(names(4)).toEqual([5]);
  expect(names(5)).toEqual([]);
});

test("are the catalogue's for whoever has nothing, or does not know every record", () => {
  expect(names(-1)).toEqual(["segment", 5]);
  expect(names(0, records.slice(2))).toEqual(["segment", 5]);
  expect(names(0, [])).toEqual(["segment", 5]);
});

test("are the catalogue's where that is less", async () => {
  const pack = new Uint8Array(500_000);
  for (const number of [2, 3, 4])
    await writer.push({ moves: [move("refs/heads/d", number - 1, number)], inline: inlineOf(pack) }, pack);
  await writer.append({
    retired: [6, 7, 8].map((slot) => ({ kind: "record", slot })),
    segments: [{ ...segment(8), size: 2000 }],
  });
  const repository = new Repository(writer.backend);
  await repository.read();
  expect(names(5, repository.records)).toEqual(["segment"]);
});
