import { mkdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LocalBackend, openBackend, schemes } from "../src/index.ts";
import { temporaryRoot } from "./root.ts";

const root = temporaryRoot();
const body = new TextEncoder().encode("body");

async function writesTo(url: string, path: string): Promise<void> {
  const backend = await openBackend(new URL(url));
  expect(await backend.create("key", body)).toBe(true);
  expect(readFileSync(`${path}/key`, "utf8")).toBe("body");
  await backend.delete(["key"]);
}

describe("openBackend", () => {
  it("opens both schemes", async () => {
    expect(schemes).toEqual(["local", "file"]);
    await writesTo(`local://${root}`, root);
    await writesTo(`file://${root}`, root);
    await writesTo(`local:${root}`, root);
  });

  it("takes slashes at the end, dots and percent signs as URLs mean them", async () => {
    for (const name of ["a b", "ä", "50%", "a?b", "a#b", "+"]) {
      mkdirSync(`${root}/${name}`);
      await writesTo(`local://${root}/${encodeURIComponent(name)}`, `${root}/${name}`);
      await writesTo(`file://${root}/${encodeURIComponent(name)}//`, `${root}/${name}`);
    }
    await writesTo(`file://${root}/not/there/../../a%20b/.`, `${root}/a b`);
    await writesTo(`local://${root}/not/%2e%2e/a%20b`, `${root}/a b`);
  });

  it.each([
    ["file://server/share/code", "host", "mount"],
    ["local://server/code", "host", "mount"],
    ["local://home", "host", "mount"],
    ["local:code/app", "not an absolute path", "local:///"],
    ["file:///code?fsync=false", "no options", "%3F"],
    ["local:///code#1", "no options", "%23"],
    ["local:///a%2Fb", "slash", ""],
    ["local:///a%00b", "NUL", ""],
    ["local:///a%b", "percent sign", "%25"],
    ["local://name:secret@host/code", "credentials", "local:///"],
    ["s3://bucket/code", "not the scheme", ""],
  ])("refuses %s", async (url, message, hint) => {
    const error = await openBackend(new URL(url)).catch((refusal) => refusal);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
    expect(error.hint ?? "").toContain(hint);
    expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain("secret");
  });

  it("refuses options that it does not know, and takes empty ones", async () => {
    const url = new URL(`local://${root}`);
    await expect(openBackend(url, { region: "here" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(openBackend(url, { region: undefined, endpoint: "" })).resolves.toBeInstanceOf(LocalBackend);
  });

  it("does nothing before the first operation, and then misses the root with a hint", async () => {
    const missing = `${root}/not mounted`;
    const backend = await openBackend(new URL(`local://${root}/not%20mounted`));
    await expect(backend.get("key")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(missing),
      hint: expect.stringContaining(`mkdir -p '${missing}'`),
    });
    await expect(backend.create("key", body)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(new LocalBackend({ root: `${root}/50%/nothing` }).list("")).rejects.toMatchObject({
      hint: expect.stringContaining(`mkdir -p ${root}/50%/nothing`),
    });
  });
});

describe("LocalBackend", () => {
  it("wants an absolute path", () => {
    expect(() => new LocalBackend({ root: "code" })).toThrowError(/not an absolute path/);
    expect(() => new LocalBackend({ root: "" })).toThrowError(/not an absolute path/);
  });

  it("says so when the root is a file", async () => {
    const backend = new LocalBackend({ root });
    await backend.create("file", body);
    const inFile = new LocalBackend({ root: `${root}/file` });
    await expect(inFile.get("key")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(inFile.create("key", body)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(inFile.list("")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(inFile.delete(["key"])).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
