import { expect, test } from "vitest";
import { BatchItems } from "../src/batch-items.ts";

let ended = 0;

async function* batches(failure?: Error): AsyncGenerator<number[], void, undefined> {
  try {
    yield [];
    yield [1, 2];
    await new Promise((resolve) => setImmediate(resolve));
    yield [3];
    if (failure !== undefined) throw failure;
  } finally {
    ended++;
  }
}

test("items come in order, also to calls that do not wait for one another", async () => {
  const found: number[] = [];
  for await (const item of new BatchItems(batches())) found.push(item);
  expect(found).toEqual([1, 2, 3]);
  const items = new BatchItems(batches());
  const answers = await Promise.all(Array.from({ length: 5 }, () => items.next()));
  expect(answers.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
  expect(answers.map(({ done }) => done ?? false)).toEqual([false, false, false, true, true]);
});

test("whoever stops ends the batches too", async () => {
  ended = 0;
  for await (const item of new BatchItems(batches())) if (item === 1) break;
  expect(ended).toBe(1);
  {
    await using items = new BatchItems(batches());
    expect(await items.next()).toEqual({ done: false, value: 1 });
  }
  expect(ended).toBe(2);
  const items = new BatchItems(batches());
  await items.next();
  await expect(items.throw(new RangeError("enough"))).rejects.toThrow("enough");
  expect(ended).toBe(3);
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

test("a failure comes when its turn has come, and nothing behind it", async () => {
  const items = new BatchItems(batches(new RangeError("broken")));
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => items.next()));
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(await items.next()).toEqual({ done: true, value: undefined });
});
