import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { Pool } from "../src/pool.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pool whose first connection is in use, and how many it has opened. */
async function busyPool() {
  let opened = 0;
  const pool = new Pool(8);
  const take = (isImpatient = false) => {
    const open = async () => {
      opened++;
      return { usable: true, idle: false } as Connection;
    };
    return pool.take(open, undefined, isImpatient);
  };
  const first = await take();
  return { pool, take, first, opened: () => opened };
}

test("the first few who wait open no other connection, unless the one in use is stuck", async () => {
  const { take, opened } = await busyPool();
  const waiting = [take(), take(), take()];
  await vi.advanceTimersByTimeAsync(900);
  expect(opened()).toBe(1);
  await vi.advanceTimersByTimeAsync(3200);
  await Promise.all(waiting);
  expect(opened()).toBe(4);
});

test("who stands at the end of a long queue opens another", async () => {
  const { take, opened } = await busyPool();
  const waiting = Array.from({ length: 5 }, () => take());
  await vi.advanceTimersByTimeAsync(100);
  await waiting[4];
  expect(opened()).toBe(2);
});

test("who waits gets the connection that another has finished with", async () => {
  const { pool, take, first, opened } = await busyPool();
  const next = take();
  pool.release(first);
  expect(await next).toBe(first);
  expect(opened()).toBe(1);
});

test("the impatient do not wait", async () => {
  const { take, opened } = await busyPool();
  await take(true);
  expect(opened()).toBe(2);
});
