import { expect, test } from "vitest";
import { answerContent, outsideBody, rangeHeader } from "../src/index.ts";

function answer(text: string) {
  return {
    given: false,
    destroy() {
      this.given = true;
    },
    async *[Symbol.asyncIterator]() {
      yield new TextEncoder().encode(text);
    },
  };
}

const reading = { key: "a/b", place: "bucket x", model: "S3", signal: undefined };

test("a range of what was asked for", async () => {
  const head = { status: 206, size: 3, contentRange: "bytes 2-4/10" };
  const content = answerContent(answer("cde"), head, { ...reading, range: { start: 2, end: 5 } });
  expect(content).toMatchObject({ size: 3, totalSize: 10 });
  expect(new TextDecoder().decode(await content.bytes())).toBe("cde");
});

test.each([
  ["does not say how many bytes it sends", { status: 200, size: undefined, contentRange: undefined }],
  ["ignored the range that was asked for", { status: 200, size: 10, contentRange: undefined }],
  ["does not say which bytes it sends", { status: 206, size: 3, contentRange: "bytes */10" }],
  ["sent bytes 0-2 for 2-4", { status: 206, size: 3, contentRange: "bytes 0-2/10" }],
])("an answer that %s is refused and given up", (what, head) => {
  const body = answer("abc");
  expect(() => answerContent(body, head, { ...reading, range: { start: 2, end: 5 } })).toThrow(
    expect.objectContaining({ code: "NOT_SUPPORTED", message: `get a/b: bucket x ${what}` }),
  );
  expect(body.given).toBe(true);
});

test("behind the last byte there is none, and the size is found out", async () => {
  const never = () => expect.unreachable("nothing has to be read");
  expect(await outsideBody({ start: 9 }, 7, never)).toMatchObject({ size: 0, totalSize: 7 });
  expect(await outsideBody({ suffix: 3 }, undefined, never)).toMatchObject({ size: 0, totalSize: 0 });
  const head = { status: 206, size: 1, contentRange: "bytes 0-0/7" };
  const firstByte = async () => answerContent(answer("a"), head, { ...reading, range: { start: 0, end: 1 } });
  expect(await outsideBody({ start: 9 }, undefined, firstByte)).toMatchObject({ size: 0, totalSize: 7 });
});

test("ranges as headers", () => {
  expect(rangeHeader({ start: 2, end: 5 })).toBe("bytes=2-4");
  expect(rangeHeader({ start: 2 })).toBe("bytes=2-");
  expect(rangeHeader({ suffix: 3 })).toBe("bytes=-3");
});
