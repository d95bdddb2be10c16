import { describe, expect, test } from "vitest";
import { elements, encodeEntities, rootOf, textOf } from "../src/xml.ts";

const page = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>code</Name>
<Contents><Key>a&amp;b&#x2F;&lt;c&gt;&#228;</Key><Size>3</Size></Contents><Contents><Key>d</Key><Owner><ID/></Owner></Contents>
</ListBucketResult>
`;

describe("the XML of S3", () => {
  test("is read by its elements", () => {
    const objects = elements(rootOf(page, "ListBucketResult"), "Contents");
    expect(objects.map((object) => [textOf(object, "Key"), textOf(object, "Size")])).toEqual([
      ["a&b/<c>ä", "3"],
      ["d", undefined],
    ]);
    expect(rootOf("<DeleteResult/>", "DeleteResult")).toBe("");
    expect(elements("<Errors><Error>x</Error></Errors>", "Error")).toEqual(["x"]);
  });

  test.each([page.slice(0, -20), "<html><body>Welcome</body></html>", "", "<ListBucketResultX></ListBucketResultX>"])(
    "is not %j",
    (text) => {
      expect(() => rootOf(text, "ListBucketResult")).toThrow("no ListBucketResult");
    },
  );

  test("is written so that it reads the same", () => {
    const text = `a&b<c>"d"'e'`;
    expect(textOf(`<Key>${encodeEntities(text)}</Key>`, "Key")).toBe(text);
  });
});
