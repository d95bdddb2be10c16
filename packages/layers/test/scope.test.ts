import { MemoryBackend } from "@trunks/core/memory";
import { expect, test } from "vitest";
import { scope } from "../src/index.ts";
import { readText, text } from "./bytes.ts";

test("keys are relative to the prefix in every operation", async () => {
  const whole = new MemoryBackend();
  const part = scope(whole, "trunks/app.trunk/");
  await part.create("journal/1", text("one"));
  await part.put("journal/2", text("two"));
  await whole.put("trunks/other.trunk/journal/1", text("other"));

  expect(await readText(whole, "trunks/app.trunk/journal/1")).toBe("one");
  expect(await readText(part, "journal/2")).toBe("two");
  const page = await part.list("", { after: "journal/1" });
  expect(page.keys.map(({ key }) => key)).toEqual(["journal/2"]);
  expect((await part.list("journal/")).keys.map(({ key }) => key)).toEqual(["journal/1", "journal/2"]);

  await part.delete(["journal/1", "journal/2"]);
  const left = await whole.list("");
  expect(left.keys.map(({ key }) => key)).toEqual(["trunks/other.trunk/journal/1"]);
});

test("nothing outside can be named", async () => {
  const part = scope(new MemoryBackend(), "inside/");
  for (const key of ["../outside", "/outside", ""]) {
    await expect(part.get(key), key).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  await expect(part.list("../")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a prefix that is none is refused", () => {
  expect(() => scope(new MemoryBackend(), "no-slash")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});

test("closing closes what is wrapped", async () => {
  const whole = new MemoryBackend();
  await scope(whole, "inside/").close();
  await expect(whole.get("key")).rejects.toMatchObject({ code: "CLOSED" });
});
