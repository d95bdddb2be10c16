import { expect, test } from "vitest";
import { type Body, bodySize, bodySlice, bytesBody, type Source } from "../src/index.ts";

function source(text: string, size = text.length): Source {
  return {
    size,
    async *read(start, end) {
      for (const character of text.slice(start, end)) yield Buffer.from(character);
    },
  };
}

async function text(body: Body, start?: number, end?: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodySlice(body, start, end)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each([
  ["bytes", Buffer.from("abcdef")],
  ["a source", source("abcdef")],
])("%s are read whole and in parts", async (_what, body) => {
  expect(bodySize(body)).toBe(6);
  expect(await text(body)).toBe("abcdef");
  expect(await text(body, 2, 4)).toBe("cd");
  expect(await text(body, 3, 3)).toBe("");
  expect(Buffer.from(await bytesBody(body)).toString()).toBe("abcdef");
});

test.each([
  ["fewer", source("abc", 4)],
  ["more", { size: 2, read: () => source("abc").read(0, 3) }],
])("a source that yields %s bytes than it says fails", async (_what, body) => {
  const failure = expect.objectContaining({ code: "INVALID_ARGUMENT" });
  await expect(bytesBody(body)).rejects.toThrow(failure);
  await expect(text(body)).rejects.toThrow(failure);
});
