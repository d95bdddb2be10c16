import { readdirSync, utimesSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LocalBackend } from "../src/index.ts";
import { Child } from "./children.ts";
import { temporaryRoot } from "./root.ts";

const mebibyte = 2 ** 20;

function startAll(count: number, root: string): Promise<Child[]> {
  return Promise.all(Array.from({ length: count }, () => Child.start(root)));
}

/** The byte that fills the whole body under `key`. */
async function fillOf(backend: LocalBackend, key: string, size: number): Promise<number> {
  const bytes = await (await backend.get(key))?.bytes();
  expect(bytes?.length).toBe(size);
  expect(bytes!.every((byte) => byte === bytes![0])).toBe(true);
  return bytes![0]!;
}

describe("eight processes", () => {
  it("race for one key, round after round, and exactly one wins each", async () => {
    const root = temporaryRoot();
    const children = await startAll(8, root);
    const backend = new LocalBackend({ root });
    for (let round = 0; round < 40; round++) {
      const size = round % 4 === 3 ? mebibyte : 1000;
      const key = `race/${round}/key`;
      const won = await Promise.all(children.map((child, fill) => child.run({ do: "create", key, size, fill })));
      const winners = won.flatMap((answer, index) => (answer === true ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await fillOf(backend, key, size)).toBe(winners[0]);
    }
    expect(readdirSync(`${root}/.trunks-tmp`)).toEqual([]);
  });

  it("create and delete in the same folders, which come and go, and miss nothing", async () => {
    const root = temporaryRoot();
    const children = await startAll(8, root);
    const churning = children.map((child, index) =>
      child.run({ do: "churn", prefix: `deep/er/folder/${index}-`, rounds: 100 }),
    );
    expect(await Promise.all(churning)).toEqual(Array(8).fill(true));
    expect(readdirSync(root)).toEqual([".trunks-tmp"]);
  });
});

describe("a writer killed", () => {
  it("halfway through a body leaves nothing visible; the next goes on and a day later tidies up", async () => {
    const root = temporaryRoot();
    const child = await Child.start(root);
    expect(await child.run({ do: "hang", key: "a/key", size: 8 * mebibyte })).toBe("halfway");
    await child.kill();
    const [leftover, ...others] = readdirSync(`${root}/.trunks-tmp`);
    expect(others).toEqual([]);
    const backend = new LocalBackend({ root });
    expect(await backend.get("a/key")).toBeUndefined();
    expect((await backend.list("")).keys).toEqual([]);
    expect(await backend.create("a/key", new Uint8Array(10))).toBe(true);
    expect(readdirSync(`${root}/.trunks-tmp`)).toEqual([leftover]);
    const aDayAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(`${root}/.trunks-tmp/${leftover}`, aDayAgo, aDayAgo);
    await new LocalBackend({ root }).put("a/other", new Uint8Array(10));
    expect(readdirSync(`${root}/.trunks-tmp`)).toEqual([]);
  });

  it("at any moment leaves every answered key whole, and no other half", async () => {
    const root = temporaryRoot();
    const backend = new LocalBackend({ root });
    const size = mebibyte;
    for (let round = 0; round < 12; round++) {
      const child = await Child.start(root);
      const prefix = `${round}/k`;
      let last = await child.run({ do: "write", prefix, size });
      for (let count = 0; count < round; count++) last = await child.next();
      // The answer comes by another way than the kill, which so meets the next write at ever other points.
      await child.kill();
      const answered = Math.max(...([last, ...child.rest()] as number[])) + 1;
      const { keys } = await backend.list(`${round}/`);
      expect(keys.length).toBeGreaterThanOrEqual(answered);
      for (let index = 0; index < keys.length; index++) {
        expect(await fillOf(backend, `${prefix}${index}`, size)).toBe(index);
      }
    }
  });
});
