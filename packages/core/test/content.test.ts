import { expect, test } from "vitest";
import { bytesContent, streamContent } from "../src/index.ts";

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

test("a stream of the stated size is read whole", async () => {
  const content = streamContent(chunks("ab", "c"), 3, 9);
  expect([content.size, content.totalSize]).toEqual([3, 9]);
  expect(Buffer.from(await content.bytes()).toString()).toBe("abc");
});

test.each([["ab"], ["ab", "cd"]])(
  "a stream of another size is a failure that may be repeated: %j",
  async (...parts) => {
    const failure = expect.objectContaining({ code: "UNAVAILABLE", retryable: true });
    await expect(streamContent(chunks(...parts), 3, 3).bytes()).rejects.toThrow(failure);
    const read = async () => {
      for await (const _chunk of streamContent(chunks(...parts), 3, 3));
    };
    await expect(read()).rejects.toThrow(failure);
  },
);

test("to cancel ends the stream below", async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(1);
    } finally {
      ended = true;
    }
  }
  const content = streamContent(endless(), 100, 100);
  const iterator = content[Symbol.asyncIterator]();
  await iterator.next();
  await content.cancel();
  expect(ended).toBe(true);
});

test("bytes in memory are content", async () => {
  const content = bytesContent(Buffer.from("abc"), 9);
  expect([content.size, content.totalSize]).toEqual([3, 9]);
  const read: Uint8Array[] = [];
  for await (const chunk of content) read.push(chunk);
  expect(Buffer.concat(read).toString()).toBe("abc");
});
