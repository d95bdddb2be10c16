import { MemoryBackend } from "@trunks/core/memory";
import { expect, test } from "vitest";
import { faults, type TracedRequest, trace } from "../src/index.ts";
import { readText, StreamingMemoryBackend, streamText, text } from "./bytes.ts";

test("records what was asked, what came of it, and how much travelled", async () => {
  const backend = trace(new MemoryBackend());
  await backend.create("journal/1", text("record"));
  await backend.create("journal/1", text("another"));
  await backend.put("latest", text("1"));
  await readText(backend, "journal/1", { start: 1, end: 3 });
  await readText(backend, "latest", { suffix: 8 });
  await readText(backend, "journal/2", { start: 4 });
  await backend.list("journal/");
  await backend.list("");
  await backend.delete(["journal/1", "latest"]);
  await expect(backend.get("no//key")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });

  expect(backend.names()).toEqual([
    "create journal/1",
    "create journal/1",
    "put latest",
    "get journal/1 [1,3)",
    "get latest [-8]",
    "get journal/2 [4,)",
    "list journal/",
    "list",
    "delete journal/1 latest",
    "get no//key",
  ]);
  expect(backend.requests.map(({ outcome, bytesUp, bytesDown }) => [outcome, bytesUp, bytesDown])).toEqual([
    ["created", 6, 0],
    ["taken", 7, 0],
    ["done", 1, 0],
    ["found", 0, 2],
    ["found", 0, 1],
    ["absent", 0, 0],
    ["done", 0, 0],
    ["done", 0, 0],
    ["done", 0, 0],
    ["INVALID_ARGUMENT", 0, 0],
  ]);
  expect(backend.summary()).toEqual({
    requests: 10,
    operations: { get: 4, create: 2, put: 1, list: 2, delete: 1 },
    bytesUp: 14,
    bytesDown: 3,
    depth: 10,
  });
});

test("depth counts requests that waited for one another", async () => {
  const backend = trace(new MemoryBackend());
  await Promise.all([backend.put("a", text("a")), backend.put("b", text("b")), backend.get("c")]);
  await Promise.all([readText(backend, "a"), readText(backend, "b")]);
  await backend.list("");
  expect(backend.requests.map(({ depth }) => depth)).toEqual([1, 1, 1, 2, 2, 3]);
  expect(backend.summary().depth).toBe(3);
});

test("a request that ends late takes nothing from the depth reached meanwhile", async () => {
  const backend = trace(new MemoryBackend());
  await backend.put("key", text("body"));
  backend.reset();
  const slow = await backend.get("key");
  await backend.list("");
  await backend.list("");
  await slow?.bytes();
  await backend.list("");
  expect(backend.requests.map(({ depth }) => depth)).toEqual([1, 1, 2, 3]);
});

test("a get is complete when its body was read or given up", async () => {
  const backend = trace(new StreamingMemoryBackend(4));
  await backend.put("key", text("0123456789"));
  const unread = await backend.get("key");
  const broken = await backend.get("key");
  await backend.get("absent");
  expect(backend.requests.map(({ depth, outcome }) => [depth, outcome])).toEqual([
    [1, "done"],
    [2, "open"],
    [2, "open"],
    [2, "absent"],
  ]);
  await unread?.cancel();
  for await (const _ of broken ?? []) break;
  await backend.list("");
  expect(backend.requests.map(({ depth, outcome, bytesDown }) => [depth, outcome, bytesDown]).slice(1)).toEqual([
    [2, "cancelled", 0],
    [2, "cancelled", 4],
    [2, "absent", 0],
    [3, "done", 0],
  ]);
});

test("a body that breaks is recorded with its error", async () => {
  const memory = new MemoryBackend();
  await memory.put("key", text("0123456789"));
  const backend = trace(faults(memory, [{ fault: { kind: "cut", afterBytes: 3 } }]));
  await expect(streamText(backend, "key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(backend.requests[0]).toMatchObject({ outcome: "UNAVAILABLE", bytesDown: 3 });
});

test("the sink has a line for each completed request", async () => {
  const lines: string[] = [];
  const seen: TracedRequest[] = [];
  let ms = 0;
  const backend = trace(new MemoryBackend(), {
    now: () => (ms += 25),
    sink: (line, request) => {
      lines.push(line);
      seen.push(request);
    },
  });
  await backend.create("journal/1", text("record"));
  await readText(backend, "journal/1");
  await backend.delete(["a", "b", "c"]);
  expect(lines).toEqual([
    "create journal/1: created, 6 B up, 25 ms",
    "get journal/1: found, 6 B down, 25 ms",
    "delete a and 2 more: done, 25 ms",
  ]);
  expect(seen).toEqual(backend.requests);
});

test("reset forgets, and what was open before no longer counts", async () => {
  const backend = trace(new MemoryBackend());
  await backend.put("key", text("body"));
  const open = await backend.get("key");
  backend.reset();
  await open?.bytes();
  await backend.list("");
  expect(backend.names()).toEqual(["list"]);
  expect(backend.summary()).toMatchObject({ requests: 1, bytesUp: 0, bytesDown: 0, depth: 1 });
});

test("only the newest requests are remembered, and all are counted", async () => {
  const backend = trace(new MemoryBackend(), { keepRequests: 2 });
  for (const key of ["a", "b", "c", "d", "e"]) await backend.get(key);
  expect(backend.names()).toEqual(["get d", "get e"]);
  expect(backend.summary().requests).toBe(5);
});
