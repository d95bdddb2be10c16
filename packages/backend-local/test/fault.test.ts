import { truncateSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type FileCalls, fileCalls } from "../src/file-calls.ts";
import { body, failing, faulty, large, readAll, systemError } from "./faulty.ts";

describe("errors of the system", () => {
  it.each([
    ["EACCES", "PERMISSION_DENIED", false],
    ["EPERM", "PERMISSION_DENIED", false],
    ["EROFS", "PERMISSION_DENIED", false],
    ["ENOSPC", "NO_SPACE", false],
    ["EDQUOT", "NO_SPACE", false],
    ["EFBIG", "NOT_SUPPORTED", false],
    ["ENAMETOOLONG", "NOT_SUPPORTED", false],
    ["EMFILE", "UNAVAILABLE", true],
    ["ENFILE", "UNAVAILABLE", true],
    ["EIO", "UNAVAILABLE", true],
    ["ESTALE", "UNAVAILABLE", true],
    ["ETIMEDOUT", "UNAVAILABLE", true],
    ["EWHATEVER", "UNAVAILABLE", false],
  ])("%s is %s, and never an answer", async (errno, code, retryable) => {
    const opening = faulty({ open: failing(errno) });
    const listing = faulty({ folder: failing(errno) });
    const removing = faulty({ unlink: failing(errno) });
    for (const [path, refused] of [
      [`${opening.root}/a/key`, () => opening.backend.get("a/key")],
      [`${opening.root}/a/key`, () => opening.backend.create("a/key", body)],
      [`${opening.root}/a/key`, () => opening.backend.put("a/key", body)],
      [listing.root, () => listing.backend.list("")],
      [`${removing.root}/a/key`, () => removing.backend.delete(["a/key"])],
    ] as const) {
      const error = await refused().catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ code, retryable, message: expect.stringContaining(path) });
      expect((error as Error).cause).toMatchObject({ code: errno });
    }
  });

  it("a mount inside the folder is named", async () => {
    const { backend } = faulty({ link: failing("EXDEV"), rename: failing("EXDEV") });
    for (const write of [() => backend.create("a/key", body), () => backend.put("a/key", body)]) {
      await expect(write()).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
        message: expect.stringContaining("another file system"),
      });
    }
  });

  it("a disk that fills up midway leaves nothing, and the next write goes on", async () => {
    let left = 200_000;
    const { backend, temporaries } = faulty({
      write: async (file, buffers) => {
        const size = buffers.reduce((sum, { length }) => sum + length, 0);
        if (size > left) throw systemError("ENOSPC");
        left -= size;
        return fileCalls.write(file, buffers);
      },
    });
    const chunk = new Uint8Array(100_000);
    const source = {
      size: 3_000_000,
      async *read(start: number, end: number) {
        for (let offset = start; offset < end; offset += chunk.length) yield chunk;
      },
    };
    await expect(backend.create("a/key", source)).rejects.toMatchObject({ code: "NO_SPACE" });
    await expect(backend.put("a/key", large)).rejects.toMatchObject({ code: "NO_SPACE" });
    expect(await backend.get("a/key")).toBeUndefined();
    expect(temporaries()).toEqual([]);
    expect(await backend.create("a/key", body)).toBe(true);
  });

  it("no file stays open, whatever fails", async () => {
    let open = 0;
    let failures = 0;
    const { backend } = faulty({
      open(path, flags) {
        const file = fileCalls.open(path, flags);
        open++;
        return file;
      },
      close(file) {
        open--;
        fileCalls.close(file);
      },
      fstat(file) {
        if (failures-- === 1) throw systemError("EIO");
        return fileCalls.fstat(file);
      },
      read: (file, into, position) =>
        failures-- === 1 ? Promise.reject(systemError("EIO")) : fileCalls.read(file, into, position),
      sync: (file) => (failures-- === 1 ? Promise.reject(systemError("EIO")) : fileCalls.sync(file)),
    });
    for (let failAt = 0; failAt < 12; failAt++) {
      failures = failAt;
      await backend.create(`a/key${failAt}`, large).catch(() => {});
      failures = failAt;
      await readAll(() => backend.get(`a/key${failAt}`)).catch(() => {});
      failures = failAt;
      await (await backend.get("a/key0").catch(() => undefined))?.bytes().catch(() => {});
      failures = 0;
      await backend.get("a/key0", { range: { start: 5, end: 3 } }).catch(() => {});
      await (await backend.get("a/key0"))?.cancel();
      for await (const _ of (await backend.get("a/key0")) ?? []) break;
      expect(open).toBe(0);
    }
  });
});

describe("reading and writing in parts", () => {
  it("goes on where the system took or gave less than asked", async () => {
    const { backend } = faulty({
      write: (file, [first]) => fileCalls.write(file, [first!.subarray(0, 70_001)]),
      writeNow: ((file: number, bytes: Uint8Array) =>
        fileCalls.writeNow(file, bytes.subarray(0, 1_001))) as FileCalls["writeNow"],
      read: (file, into, position) => fileCalls.read(file, into.subarray(0, 65_537), position),
    });
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    const source = {
      size: bytes.length,
      async *read(start: number, end: number) {
        for (let offset = start; offset < end; offset += 7_777)
          yield bytes.subarray(offset, Math.min(offset + 7_777, end));
      },
    };
    await backend.create("bytes", bytes);
    await backend.create("source", source);
    await backend.create("small", bytes.subarray(0, 5_000));
    for (const key of ["bytes", "source"]) {
      expect(Buffer.from((await (await backend.get(key))?.bytes()) ?? []).equals(bytes)).toBe(true);
      expect((await readAll(() => backend.get(key))).equals(bytes)).toBe(true);
    }
    expect(await (await backend.get("small"))?.bytes()).toEqual(bytes.subarray(0, 5_000));
  });

  it("does not take a file that became shorter for a whole one", async () => {
    const { root, backend } = faulty({});
    await backend.create("key", large);
    for (const readCut of [
      async () => {
        const content = await backend.get("key");
        truncateSync(`${root}/key`, 100_000);
        return content?.bytes();
      },
      async () => {
        await backend.put("key", large);
        const content = await backend.get("key");
        truncateSync(`${root}/key`, 100_000);
        return readAll(async () => content);
      },
    ]) {
      await expect(readCut()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    }
  });
});
