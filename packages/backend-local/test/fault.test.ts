import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import type { Content } from "@trunks/core";
import { describe, expect, it } from "vitest";
import { type FileCalls, fileCalls } from "../src/file-calls.ts";
import { LocalBackend } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";

const body = new TextEncoder().encode("body");
const large = new Uint8Array(300_000).fill(7);

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as injected`), { code });
}

function failing(code: string) {
  return (): never => {
    throw systemError(code);
  };
}

/** A backend on a folder of its own, for which some calls to the system go otherwise. */
function faulty(calls: Partial<FileCalls>): { root: string; backend: LocalBackend; temporaries(): string[] } {
  const root = temporaryRoot();
  const backend = new LocalBackend({ root }, { ...fileCalls, ...calls });
  return { root, backend, temporaries: () => readdirSync(`${root}/.trunks-tmp`) };
}

async function textOf(backend: LocalBackend, key: string): Promise<string | undefined> {
  const bytes = await (await backend.get(key))?.bytes();
  return bytes && new TextDecoder().decode(bytes);
}

/** The bytes of an answer, taken as a stream. */
async function readAll(get: () => Promise<Content | undefined>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await get()) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a file system without hard links", () => {
  it.each(["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"])("is refused on %s, with what to do", async (code) => {
    const { backend, temporaries } = faulty({ link: failing(code) });
    await expect(backend.create("a/key", body)).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("no hard links"),
      hint: expect.stringContaining("ext4"),
    });
    expect(await backend.get("a/key")).toBeUndefined();
    expect(temporaries()).toEqual([]);
  });

  it("is not suspected when only the key's own folder forbids it", async () => {
    const { backend, temporaries } = faulty({
      link(existing, name) {
        if (String(name).endsWith("/key")) throw systemError("EPERM");
        linkSync(existing, name);
      },
    });
    await expect(backend.create("a/key", body)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(temporaries()).toEqual([]);
  });
});

describe("a lost answer", () => {
  it("is no defeat: the name that stands in the way is this writer's own", async () => {
    for (const code of ["EEXIST", "EIO", "ESTALE", "ETIMEDOUT"]) {
      const { backend, temporaries } = faulty({
        link(existing, name) {
          linkSync(existing, name);
          throw systemError(code);
        },
      });
      expect(await backend.create("key", body)).toBe(true);
      expect(await textOf(backend, "key")).toBe("body");
      expect(temporaries()).toEqual([]);
    }
  });

  it("is a defeat when the name is another's", async () => {
    const { backend } = faulty({
      link(_, name) {
        writeFileSync(name, "other");
        throw systemError("EEXIST");
      },
    });
    expect(await backend.create("key", body)).toBe(false);
    expect(await textOf(backend, "key")).toBe("other");
  });

  it("is a defeat too when the share shows the other's file late", async () => {
    const late = (path: unknown) => String(path).endsWith("/key");
    const { root, backend } = faulty({
      stat: (path) => (late(path) ? undefined : fileCalls.stat(path)),
      open(path, flags) {
        if (late(path)) throw systemError("ENOENT");
        return fileCalls.open(path, flags);
      },
    });
    writeFileSync(`${root}/key`, "other");
    expect(await backend.create("key", body)).toBe(false);
    expect(await backend.get("key")).toBeUndefined();
    expect(readFileSync(`${root}/key`, "utf8")).toBe("other");
  });

  it("is an unknown outcome when the server cannot be asked or has not done it yet", async () => {
    for (const code of ["EIO", "ETIMEDOUT"]) {
      const { backend } = faulty({ link: failing(code) });
      await expect(backend.create("key", body)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
    }
    const { backend } = faulty({
      link: failing("EIO"),
      open(path, flags) {
        if (flags === "r") throw systemError("EIO");
        return fileCalls.open(path, flags);
      },
    });
    await expect(backend.create("key", body)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });
});

describe("syncing", () => {
  it("a body that fails writes nothing", async () => {
    const { backend, temporaries } = faulty({ sync: () => Promise.reject(systemError("EIO")) });
    await expect(backend.create("key", body)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await expect(backend.put("key", body)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await backend.get("key")).toBeUndefined();
    expect(temporaries()).toEqual([]);
  });

  it("a folder that fails leaves the outcome unknown", async () => {
    let syncs = 0;
    const { backend } = faulty({
      sync: async (file) => {
        if (++syncs > 1) throw systemError("EIO");
        return fileCalls.sync(file);
      },
    });
    await expect(backend.create("a/key", body)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
  });

  it("a folder where the file system knows no such thing does no harm", async () => {
    let syncs = 0;
    const { backend } = faulty({
      sync: async () => {
        if (++syncs > 1) throw systemError("EINVAL");
      },
    });
    expect(await backend.create("a/key", body)).toBe(true);
    expect(syncs).toBeGreaterThan(1);
  });

  it("covers the body, its folder, and once the folders above; for the loser of a race too", async () => {
    const opened = new Map<number, string>();
    const synced: string[] = [];
    const { root, backend } = faulty({
      open(path, flags) {
        const file = fileCalls.open(path, flags);
        opened.set(file, String(path));
        return file;
      },
      sync: async (file) => {
        synced.push(
          opened
            .get(file)!
            .replace(root, "")
            .replace(/(tmp).*/, "$1"),
        );
        return fileCalls.sync(file);
      },
    });
    const syncsOf = async (write: () => Promise<unknown>) => {
      synced.length = 0;
      await write();
      return [...synced].sort();
    };
    expect(await syncsOf(() => backend.create("a/b/key", body))).toEqual(["", "/.trunks-tmp", "/a", "/a/b"]);
    expect(await syncsOf(() => backend.put("a/b/put", body))).toEqual(["/.trunks-tmp", "/a/b"]);
    expect(await syncsOf(() => backend.create("a/b/key", body))).toEqual(["/a/b"]);
    expect(await syncsOf(() => backend.delete(["a/b/key"]))).toEqual(["/a/b"]);
    await backend.delete(["a/b/put"]);
    expect(await syncsOf(() => backend.create("a/b/key", body))).toEqual(["", "/.trunks-tmp", "/a", "/a/b"]);
  });
});

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

describe("temporary files", () => {
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  const young = new Date(Date.now() - 23 * 60 * 60 * 1000);
  const leave = (root: string, name: string, time: Date) => {
    mkdirSync(`${root}/.trunks-tmp`, { recursive: true });
    writeFileSync(`${root}/.trunks-tmp/${name}`, "half a bo");
    utimesSync(`${root}/.trunks-tmp/${name}`, time, time);
  };

  it("of the dead are removed after a day, by the first write", async () => {
    const { root, backend, temporaries } = faulty({});
    leave(root, "elsewhere.17.abc", old);
    leave(root, "elsewhere.17.def", young);
    leave(root, `${hostname()}.${process.pid}.abc`, old);
    leave(root, `${hostname()}.4194999.abc`, old);
    leave(root, "nonsense", old);
    await backend.get("key");
    expect(temporaries()).toHaveLength(5);
    await backend.create("key", body);
    expect(temporaries().sort()).toEqual(["elsewhere.17.def", `${hostname()}.${process.pid}.abc`].sort());
    leave(root, "nonsense", old);
    await backend.create("key2", body);
    expect(temporaries()).toContain("nonsense");
  });

  it("that somebody removed before they got their name fail the write, which may be repeated", async () => {
    const { root, backend } = faulty({
      link(existing, name) {
        unlinkSync(existing);
        linkSync(existing, name);
      },
    });
    await expect(backend.create("a/key", body)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(existsSync(`${root}/a`)).toBe(false);
  });

  it("whose name is taken get another", async () => {
    const tried = new Set<string>();
    const { backend } = faulty({
      open(path, flags) {
        if (flags === "wx" && tried.add(String(path)).size < 4) throw systemError("EEXIST");
        return fileCalls.open(path, flags);
      },
    });
    expect(await backend.create("key", body)).toBe(true);
    expect(tried.size).toBeGreaterThanOrEqual(4);
  });

  it("are made anew when somebody removed their folder", async () => {
    const { root, backend } = faulty({});
    await backend.create("key", body);
    rmdirSync(`${root}/.trunks-tmp`);
    expect(await backend.create("key2", body)).toBe(true);
  });
});

it("gives up with an error when a folder is removed again and again", async () => {
  const { backend, temporaries } = faulty({
    link(existing, name) {
      rmSync(dirname(String(name)), { recursive: true, force: true });
      linkSync(existing, name);
    },
  });
  await expect(backend.create("a/key", body)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  expect(temporaries()).toEqual([]);
});
