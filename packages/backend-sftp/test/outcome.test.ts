import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@trunks/core";
import { startTappedSftp, type TappedSftp } from "@trunks/test-servers";
import { afterEach, describe, expect, inject, test } from "vitest";
import { openSftp, type SftpOptions } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const able = inject("servers").openssh !== undefined;
describe.skipIf(!able)("openssh", () => {
  let tapped: TappedSftp;
  let options: SftpOptions;
  const backends: Backend[] = [];
  async function start(...flags: string[]): Promise<void> {
    tapped = await startTappedSftp(flags);
    options = optionsFor(tapped);
  }
  async function open(): Promise<Backend> {
    const backend = await openSftp(options);
    backends.push(backend);
    return backend;
  }
  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.close();
    await tapped.stop();
  });

  const read = async (key: string) => (await (await (await open()).get(key))?.bytes())?.length;

  test("what a small push asks for is twelve requests of one session", async () => {
    await start();
    await (await open()).create("journal/0", bytesOf(10));
    tapped.takeRequests();
    const backend = await open();
    await Promise.all([backend.get("journal/1"), backend.get("journal/2")]);
    expect(await backend.create("journal/1", bytesOf(500))).toBe(true);
    await backend.close();
    const asked = [
      "init",
      "limits",
      "stat",
      "open",
      "open",
      "open",
      "write",
      "fsync",
      "hardlink",
      "remove",
      "open",
      "fsync",
    ];
    expect(tapped.takeRequests().toSorted()).toEqual(asked.sort());
  });

  test("a create whose link got no answer has an unknown outcome, and is not repeated", async () => {
    await start();
    const backend = await open();
    await backend.put("folder/other", bytesOf(1));
    tapped.cut("after hardlink");
    const creating = backend.create("folder/key", bytesOf(10));
    await expect(creating).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
    expect(tapped.takeRequests().filter((name) => name === "hardlink")).toHaveLength(1);
    expect(await read("folder/key")).toBe(10);
    expect(await backend.create("folder/key", bytesOf(20))).toBe(false);
  });

  test("a link that never reached the server is not known either, and leaves nothing", async () => {
    await start();
    const backend = await open();
    tapped.cut("before hardlink");
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await read("key")).toBeUndefined();
  });

  test.for(["open", "write", "fsync"])("a create cut after %s wrote nothing, and may be repeated", async (request) => {
    await start();
    const backend = await open();
    await backend.list("");
    tapped.cut(`after ${request}`);
    const creating = backend.create("key", bytesOf(10));
    await expect(creating).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await read("key")).toBeUndefined();
    expect(await backend.create("key", bytesOf(10))).toBe(true);
  });

  test("a put or a delete without an answer is not known, and may be repeated", async () => {
    await start();
    const backend = await open();
    tapped.cut("after posix-rename");
    await expect(backend.put("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true });
    tapped.cut("after remove");
    await expect(backend.delete(["key"])).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true });
    await backend.put("key", bytesOf(20));
    expect(await read("key")).toBe(20);
  });

  test("without hard links a plain rename that refuses is used", async () => {
    await start("-P", "hardlink");
    const backend = await open();
    expect(await backend.create("folder/key", bytesOf(10))).toBe(true);
    expect(await backend.create("folder/key", bytesOf(20))).toBe(false);
    const requests = tapped.takeRequests();
    expect(requests.filter((name) => name === "rename")).toHaveLength(4);
    expect(requests).not.toContain("hardlink");
    expect(await read("folder/key")).toBe(10);
    await backend.close();
    expect(readdirSync(join(options.path as string, ".trunks-tmp"))).toEqual([]);
  });

  test("a server that only reads refuses writes, and is read", async () => {
    await start("-R");
    const backend = await open();
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(backend.put("key", bytesOf(10))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect((await backend.list("")).keys).toEqual([]);
  });
});
