import { expect, test } from "vitest";
import { type Backend, type ListOptions, listPages } from "../src/index.ts";
import { MemoryBackend } from "../src/memory.ts";

const wanted = ["a/1", "a/2", "a/3", "a/4", "a/5"];

/** A store with these keys, and `b` behind them. */
async function filled(): Promise<MemoryBackend> {
  const store = new MemoryBackend();
  for (const key of [...wanted, "b"]) await store.create(key, new Uint8Array(1));
  return store;
}

/** The pages as their keys, and what was asked for. */
async function pagesOf(store: Backend, options: Parameters<typeof listPages>[2]) {
  const asked: (string | undefined)[] = [];
  const list = (prefix: string, one: ListOptions = {}) => {
    asked.push(one.after);
    return store.list(prefix, one);
  };
  const pages: string[][] = [];
  for await (const page of listPages({ list }, "a/", options)) pages.push(page.map(({ key }) => key));
  return { pages, asked };
}

test("comes to the end, and asks for each page behind the one before", async () => {
  expect(await pagesOf(await filled(), { limit: 2 })).toEqual({
    pages: [["a/1", "a/2"], ["a/3", "a/4"], ["a/5"]],
    asked: [undefined, "a/2", "a/4"],
  });
});

test("begins behind a key, and ends with the last page that is allowed", async () => {
  expect(await pagesOf(await filled(), { limit: 2, after: "a/1", maxPages: 1 })).toEqual({
    pages: [["a/2", "a/3"]],
    asked: ["a/1"],
  });
});

test("of nothing there is no page", async () => {
  expect(await pagesOf(new MemoryBackend(), {})).toEqual({ pages: [], asked: [undefined] });
});

test("asks for no further page when its caller has seen enough", async () => {
  const store = await filled();
  let asked = 0;
  const list = (prefix: string, options: ListOptions = {}) => {
    asked++;
    return store.list(prefix, options);
  };
  for await (const [first] of listPages({ list }, "a/", { limit: 2 })) if (first?.key === "a/1") break;
  expect(asked).toBe(1);
});

test.each([
  ["repeats a page", 0],
  ["goes back", 1],
])("ends with a store that %s, and gives no key twice", async (_, behind) => {
  const store = await filled();
  const pages = [wanted.slice(0, 3), wanted.slice(0, 3 - behind)];
  const list: Backend["list"] = async () => {
    const { keys } = await store.list("a/");
    const page = pages.shift() ?? [];
    return { keys: keys.filter(({ key }) => page.includes(key)), more: true };
  };
  const found: string[] = [];
  for await (const page of listPages({ list }, "a/")) found.push(...page.map(({ key }) => key));
  expect(found).toEqual(wanted.slice(0, 3));
});

test("ends with a store that says that more follow an empty page", async () => {
  let asked = 0;
  const list: Backend["list"] = async () => {
    asked++;
    return { keys: [], more: true };
  };
  for await (const page of listPages({ list }, "a/")) throw new Error(`a page of ${page.length}`);
  expect(asked).toBe(1);
});
