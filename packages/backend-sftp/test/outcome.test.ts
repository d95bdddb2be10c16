import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "@trunks/core";
import { type SftpServer, startOpenssh } from "@trunks/test-servers";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { openSftp, type SftpOptions } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

/** A server behind a tap: what it is asked is seen, and sessions can be cut at a request. */
class TappedServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "trunks-tap-"));
  readonly #backends: Backend[] = [];
  server!: SftpServer;
  options!: SftpOptions;

  /** `flags`: of OpenSSH's SFTP server. */
  async start(...flags: string[]): Promise<void> {
    const tap = join(import.meta.dirname, "tap.ts");
    this.server = await startOpenssh({ subsystem: [process.execPath, tap, this.#folder, ...flags].join(" ") });
    this.options = optionsFor(this.server);
  }

  async open(): Promise<Backend> {
    const backend = await openSftp(this.options);
    this.#backends.push(backend);
    return backend;
  }

  cut(at: string): void {
    writeFileSync(join(this.#folder, "cut"), at);
  }

  /** The requests since the last question. */
  take(): string[] {
    const file = join(this.#folder, "requests");
    const requests = readFileSync(file, "utf8").trim().split("\n");
    writeFileSync(file, "");
    return requests;
  }

  async stop(): Promise<void> {
    for (const backend of this.#backends) await backend.close();
    await this.server?.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

const able = inject("servers").openssh !== undefined;
describe.skipIf(!able)("openssh", () => {
  let tapped: TappedServer;
  beforeEach(() => {
    tapped = new TappedServer();
  });
  afterEach(() => tapped.stop());

  const read = async (key: string) => (await (await (await tapped.open()).get(key))?.bytes())?.length;

  test("what a small push asks for is twelve requests of one session", async () => {
    await tapped.start();
    await (await tapped.open()).create("journal/0", bytesOf(10));
    tapped.take();
    const backend = await tapped.open();
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
    expect(tapped.take().sort()).toEqual(asked.sort());
  });

  test("a create whose link got no answer has an unknown outcome, and is not repeated", async () => {
    await tapped.start();
    const backend = await tapped.open();
    await backend.put("folder/other", bytesOf(1));
    tapped.cut("after hardlink");
    const creating = backend.create("folder/key", bytesOf(10));
    await expect(creating).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
    tapped.cut("");
    expect(tapped.take().filter((name) => name === "hardlink")).toHaveLength(1);
    expect(await read("folder/key")).toBe(10);
    expect(await backend.create("folder/key", bytesOf(20))).toBe(false);
  });

  test("a link that never reached the server is not known either, and leaves nothing", async () => {
    await tapped.start();
    const backend = await tapped.open();
    tapped.cut("before hardlink");
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    tapped.cut("");
    expect(await read("key")).toBeUndefined();
  });

  test.for(["open", "write", "fsync"])("a create cut after %s wrote nothing, and may be repeated", async (request) => {
    await tapped.start();
    const backend = await tapped.open();
    await backend.list("");
    tapped.cut(`after ${request}`);
    const creating = backend.create("key", bytesOf(10));
    await expect(creating).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    tapped.cut("");
    expect(await read("key")).toBeUndefined();
    expect(await backend.create("key", bytesOf(10))).toBe(true);
  });

  test("a put or a delete without an answer is not known, and may be repeated", async () => {
    await tapped.start();
    const backend = await tapped.open();
    tapped.cut("after posix-rename");
    await expect(backend.put("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true });
    tapped.cut("after remove");
    await expect(backend.delete(["key"])).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true });
    tapped.cut("");
    await backend.put("key", bytesOf(20));
    expect(await read("key")).toBe(20);
  });

  test("without hard links a plain rename that refuses is used", async () => {
    await tapped.start("-P", "hardlink");
    const backend = await tapped.open();
    expect(await backend.create("folder/key", bytesOf(10))).toBe(true);
    expect(await backend.create("folder/key", bytesOf(20))).toBe(false);
    const requests = tapped.take();
    expect(requests.filter((name) => name === "rename")).toHaveLength(4);
    expect(requests).not.toContain("hardlink");
    expect(await read("folder/key")).toBe(10);
    await backend.close();
    expect(readdirSync(join(tapped.options.path as string, ".trunks-tmp"))).toEqual([]);
  });

  test("a server that only reads refuses writes, and is read", async () => {
    await tapped.start("-R");
    const backend = await tapped.open();
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(backend.put("key", bytesOf(10))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect((await backend.list("")).keys).toEqual([]);
  });
});
