import { inspect } from "node:util";
import { expect, test } from "vitest";
import { openBackend } from "../src/index.ts";
import { server } from "./server.ts";

test.each([
  ["http://host/", "not the scheme"],
  ["redis:///0", "names no server"],
  ["redis://host/0?db=1", "behind ? or #"],
  ["redis://host/0/a b", "cannot be the path"],
  ["redis://:hunter2@host/0", "no place for a password"],
])("%s is refused", async (url, message) => {
  await expect(openBackend(new URL(url))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message),
  });
});

test("an unknown option is refused", async () => {
  await expect(openBackend(server, { region: "x" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: "unknown option: region",
  });
});

test("roots of one database keep apart", async () => {
  const [one, two] = await Promise.all([openBackend(new URL(`${server}/one`)), openBackend(new URL(`${server}/two`))]);
  await one.put("key", new Uint8Array(3));
  expect(await two.get("key")).toBeUndefined();
  expect((await two.list("")).keys).toEqual([]);
  await one.delete(["key"]);
  await Promise.all([one.close(), two.close()]);
});

test("a password shows in no error, however closely it is looked at", async () => {
  const backend = await openBackend(server, { password: "hunter2" });
  const error = await backend.get("key").catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
  const shown = inspect([error, backend], { depth: 20, showHidden: true, getters: true });
  expect(shown).toContain("WRONGPASS");
  expect(shown).not.toContain("hunter2");
  await backend.close();
});
