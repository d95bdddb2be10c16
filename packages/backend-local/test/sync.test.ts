import { describe, expect, it } from "vitest";
import { fileCalls } from "../src/file-calls.ts";
import { body, faulty, systemError } from "./faulty.ts";

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
