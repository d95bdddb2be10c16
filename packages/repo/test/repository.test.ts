import { MemoryBackend } from "@trunks/core/memory";
import { expect, test } from "vitest";
import { Repository } from "../src/index.ts";

const id = (digit: string) => digit.repeat(40);
const main = "refs/heads/main";

test("a push is one record; a second reader sees it", async () => {
  const backend = new MemoryBackend();
  const writer = new Repository(backend);
  expect(await writer.read()).toBeUndefined();
  const state = await writer.create();
  const outcome = await writer.publish({
    moves: [{ ref: main, oldId: undefined, newId: id("a") }],
    basis: state.slot,
    assumed: [],
    pack: { kind: "inline", bytes: new Uint8Array([1, 2, 3]), objectCount: 1 },
  });
  expect(outcome).toMatchObject({ kind: "decided", moves: ["applied"] });
  const reader = new Repository(backend);
  expect((await reader.read())?.refs.get(main)).toEqual({ id: id("a") });
});

test("of two pushes to one branch one is told that its value is stale", async () => {
  const backend = new MemoryBackend();
  const left = new Repository(backend);
  await left.create();
  const right = new Repository(backend);
  await right.read();
  const push = (repository: Repository, digit: string, ref = main) =>
    repository.publish({ moves: [{ ref, oldId: undefined, newId: id(digit) }], basis: -1, assumed: [] });
  expect(await push(left, "a")).toMatchObject({ moves: ["applied"] });
  expect(await push(right, "b")).toMatchObject({ moves: ["stale"] });
  expect(await push(right, "c", "refs/heads/other")).toMatchObject({ moves: ["applied"] });
  expect([...((await left.read())?.refs.keys() ?? [])]).toEqual([main, "refs/heads/other"]);
});
