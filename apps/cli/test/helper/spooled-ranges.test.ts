import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryBackend } from "@trunks/core/memory";
import { trace } from "@trunks/layers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SpooledRanges } from "../../src/helper/spooled-ranges.ts";
import { noise } from "../support/noise.ts";

const key = "objects/1.pack";
const unit = 2 ** 14;
const bytes = noise(20 * unit + 100);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trunks-spool-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function open(parent: () => Promise<string>) {
  const store = new MemoryBackend();
  await store.create(key, bytes);
  await store.create("other", bytes);
  const traced = trace(store);
  const ranges = new SpooledRanges(parent);
  const backend = ranges.over(traced);
  const read = async (start: number, end: number, from = key) =>
    Buffer.from((await (await backend.get(from, { range: { start, end } }))?.bytes()) ?? []);
  return { traced, ranges, read };
}

const part = (start: number, end: number) => Buffer.from(bytes.subarray(start, end));

test("a place is asked for once, and neighbours that are missing at once", async () => {
  const { traced, ranges, read } = await open(async () => folder);
  expect(await read(unit, 3 * unit)).toEqual(part(unit, 3 * unit));
  expect(await read(unit + 5, 2 * unit)).toEqual(part(unit + 5, 2 * unit));
  expect(traced.names()).toEqual([`get ${key} [${unit},${3 * unit})`]);
  traced.reset();
  expect(await read(0, 12 * unit)).toEqual(part(0, 12 * unit));
  expect(traced.names()).toEqual([`get ${key} [0,${12 * unit})`]);
  traced.reset();
  expect(await read(11 * unit, 21 * unit)).toEqual(part(11 * unit, bytes.length));
  expect(await read(20 * unit, bytes.length)).toEqual(part(20 * unit, bytes.length));
  expect(traced.names()).toEqual([`get ${key} [${12 * unit},${21 * unit})`]);
  await ranges.remove();
  expect(readdirSync(folder)).toEqual([]);
});

test("what is no pack, and what is not there, is the store's", async () => {
  const { traced, ranges, read } = await open(async () => folder);
  for (let time = 0; time < 2; time++) expect(await read(0, 5, "other")).toEqual(part(0, 5));
  expect(await read(0, 5, "objects/2.pack")).toHaveLength(0);
  expect(traced.names()).toHaveLength(3);
  await ranges.remove();
});

test("a disk that fails costs speed alone", async () => {
  const { traced, ranges, read } = await open(async () => join(folder, "nowhere"));
  for (let time = 0; time < 2; time++) expect(await read(0, unit)).toEqual(part(0, unit));
  expect(traced.names()).toHaveLength(2);
  await ranges.remove();
});
