import { linkSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fileCalls } from "../src/file-calls.ts";
import type { LocalBackend } from "../src/index.ts";
import { body, failing, faulty, systemError } from "./faulty.ts";

async function textOf(backend: LocalBackend, key: string): Promise<string | undefined> {
  const bytes = await (await backend.get(key))?.bytes();
  return bytes && new TextDecoder().decode(bytes);
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
