import { existsSync, linkSync, mkdirSync, rmdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { fileCalls } from "../src/file-calls.ts";
import { body, faulty, systemError } from "./faulty.ts";

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
