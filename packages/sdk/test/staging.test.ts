import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { isTrunksError } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SeededRandom } from "../../repo/test/seeded-random.ts";
import { Trunk } from "../src/index.ts";

let trunk: Trunk;
beforeEach(async () => {
  trunk = await Trunk.openBackend(new MemoryBackend(), { create: true, memorySizeBytes: 10_000 });
});
afterEach(() => trunk.close());

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // One buffer for all pieces, as readers of files have it.
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = Math.min(size, bytes.length - at);
    buffer.set(bytes.subarray(at, at + length));
    yield buffer.subarray(0, length);
  }
}

describe("staged contents", () => {
  test("beyond the bound are the same, before and after the push", async () => {
    const random = new SeededRandom(5);
    const files = new Map<string, Uint8Array>();
    for (let number = 0; number < 60; number++) {
      const bytes = random.bytes(random.between(0, 4000));
      files.set(`file-${number}`, bytes);
      const isStream = number % 3 === 0;
      await trunk.write(`file-${number}`, isStream ? piecesOf(bytes, 700) : bytes);
    }
    const large = random.bytes(2 ** 21);
    files.set("large", large);
    await trunk.write("large", piecesOf(large, 65_536));
    const expectAll = async () => {
      for (const [path, bytes] of files) {
        expect(Buffer.compare((await trunk.readBytes(path)) as Uint8Array, bytes)).toBe(0);
        const part = await trunk.readBytes(path, { range: { start: 10, end: 30 } }).catch((error) => error.code);
        if (bytes.length >= 30) expect(part).toEqual(bytes.slice(10, 30));
      }
      const stream = (await trunk.readStream("large")) ?? [];
      let at = 0;
      for await (const piece of stream) {
        expect(Buffer.compare(piece, large.subarray(at, at + piece.length))).toBe(0);
        at += piece.length;
      }
      expect(at).toBe(large.length);
    };
    await expectAll();
    await trunk.commit({ message: "all" });
    await expectAll();
    await trunk.push();
    await expectAll();
  });

  test("are the caller's no more, and what is read is his alone", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    await trunk.write("a", bytes);
    bytes.fill(9);
    const read = (await trunk.readBytes("a")) as Uint8Array;
    expect(read).toEqual(new Uint8Array([1, 2, 3]));
    read.fill(9);
    for await (const file of trunk.readFiles()) file.bytes.fill(8);
    expect(await trunk.readBytes("a")).toEqual(new Uint8Array([1, 2, 3]));
    await trunk.commit({ message: "a" });
    await trunk.push();
    for await (const file of trunk.readFiles()) file.bytes.fill(8);
    ((await trunk.readBytes("a")) as Uint8Array).fill(7);
    expect(await trunk.readBytes("a")).toEqual(new Uint8Array([1, 2, 3]));
  });

  test("a stream that fails stages nothing", async () => {
    async function* failing() {
      yield new Uint8Array(100);
      throw new Error("the source broke");
    }
    await expect(trunk.write("a", failing())).rejects.toThrow("the source broke");
    expect((await trunk.status()).changes).toEqual([]);
    await trunk.write("b", piecesOf(new Uint8Array(50).fill(7), 20));
    expect(await trunk.readBytes("b")).toEqual(new Uint8Array(50).fill(7));
  });

  test("are forgotten by discard, and leave no file behind", async () => {
    const files = () => readdirSync(tmpdir()).filter((name) => name.startsWith("trunks-spool-"));
    const before = files();
    await trunk.write("large", new Uint8Array(2 ** 21));
    await trunk.discard();
    expect(await trunk.exists("large")).toBe(false);
    expect(await trunk.status()).toMatchObject({ changes: [], commit: null });
    await trunk.close();
    expect(files().filter((name) => !before.includes(name))).toEqual([]);
  });

  test("an empty folder is in no commit, and a commit without changes is refused", async () => {
    await trunk.mkdir("empty/below");
    const empty = await trunk.commit({ message: "nothing" }).catch((error) => error);
    expect(isTrunksError(empty, "INVALID_ARGUMENT")).toBe(true);
    expect((await trunk.list()).data).toMatchObject([{ path: "empty", type: "folder", id: null }]);
    await trunk.write("a", "text");
    await trunk.commit({ message: "a" });
    const again = await trunk.commit({ message: "again" }).catch((error) => error);
    expect(isTrunksError(again, "INVALID_ARGUMENT")).toBe(true);
    const bare = await trunk.commit({ message: " \n " }).catch((error) => error);
    expect(isTrunksError(bare, "INVALID_ARGUMENT")).toBe(true);
    expect((await trunk.commit({ message: "again", allowEmpty: true })).parents).toHaveLength(1);
  });
});

describe("a signal", () => {
  const reason = new Error("no more");

  test("that was raised before stops every call, and nothing is changed", async () => {
    await trunk.write("a", "text");
    await trunk.commit({ message: "a" });
    const { head } = trunk;
    const signal = AbortSignal.abort(reason);
    for (const call of [
      () => trunk.write("b", "text", { signal }),
      () => trunk.copy("a", "b", { signal }),
      () => trunk.move("a", "b", { signal }),
      () => trunk.remove("a", { signal }),
      () => trunk.mkdir("b", { signal }),
      () => trunk.commit({ message: "b", allowEmpty: true, signal }),
      () => trunk.push({ signal }),
      () => trunk.fetch({ signal }),
      () => trunk.pull({ signal }),
      () => trunk.merge("main", { signal }),
      () => trunk.branches.create({ name: "b", signal }),
      () => trunk.tags.create({ name: "b", signal }),
      () => Trunk.openBackend(new MemoryBackend(), { create: true, signal }),
    ]) {
      const error = await call().catch((thrown) => thrown);
      expect(isTrunksError(error, "ABORTED")).toBe(true);
    }
    expect(trunk.head).toBe(head);
    expect((await trunk.status()).changes).toEqual([]);
  });

  test("stops a stream that is being written", async () => {
    const controller = new AbortController();
    async function* endless() {
      for (let count = 0; count < 1000; count++) {
        if (count === 3) controller.abort(reason);
        yield new Uint8Array(10);
      }
    }
    const error = await trunk.write("a", endless(), { signal: controller.signal }).catch((thrown) => thrown);
    expect(isTrunksError(error, "ABORTED")).toBe(true);
    expect(await trunk.exists("a")).toBe(false);
  });
});
