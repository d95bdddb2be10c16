import { expect, test } from "vitest";
import { latency } from "../src/index.ts";
import { StreamingMemoryBackend, text } from "./bytes.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("each operation takes its time, half before and half after its effect", async () => {
  const clock = new VirtualClock();
  const memory = new StreamingMemoryBackend(4);
  const backend = latency(memory, { clock, getMs: 10, createMs: 20, putMs: 30, listMs: 40, deleteMs: 50 });
  await backend.get("key");
  await backend.create("key", text(""));
  await backend.put("key", text(""));
  await backend.list("");
  await backend.delete(["key"]);
  expect(clock.sleptMs).toEqual([5, 5, 10, 10, 15, 15, 20, 20, 25, 25]);
});

test("the defaults are a far store's", async () => {
  const clock = new VirtualClock();
  const backend = latency(new StreamingMemoryBackend(4), { clock });
  await backend.get("key");
  expect(clock.now()).toBe(25);
  await backend.create("key", text(""));
  expect(clock.now()).toBe(70);
});

test("bodies take time by their size, in both directions", async () => {
  const clock = new VirtualClock();
  const backend = latency(new StreamingMemoryBackend(1000), { clock, getMs: 0, putMs: 0, bytesPerSecond: 100_000 });
  await backend.put("key", new Uint8Array(10_000));
  expect(clock.now()).toBe(100);
  const content = await backend.get("key");
  expect(clock.now()).toBe(100);
  await content?.bytes();
  expect(clock.now()).toBe(200);
});

test("a reader slower than the store does not wait", async () => {
  const clock = new VirtualClock();
  const backend = latency(new StreamingMemoryBackend(1000), { clock, getMs: 0, putMs: 0, bytesPerSecond: 100_000 });
  await backend.put("key", new Uint8Array(2000));
  const content = await backend.get("key");
  await clock.sleep(500);
  await content?.bytes();
  expect(clock.now()).toBe(520);
});

test("waiting ends when the signal is raised", async () => {
  const backend = latency(new StreamingMemoryBackend(4), { getMs: 1_000_000_000 });
  const controller = new AbortController();
  const call = backend.get("key", { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: "ABORTED" });
});

test("times vary around their median, and by as much as is asked for", async () => {
  const clock = new VirtualClock();
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const backend = latency(new StreamingMemoryBackend(4), { clock, spread: 0.4, random });
  const logarithms: number[] = [];
  for (let index = 0; index < 2000; index++) {
    const startMs = clock.now();
    await backend.get("key");
    logarithms.push(Math.log((clock.now() - startMs) / 25));
  }
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length;
  const variance = logarithms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logarithms.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(Math.sqrt(variance)).toBeCloseTo(0.4, 1);
});
