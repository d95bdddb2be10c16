import { describe, expect, test } from "vitest";
import { decodeManifest, encodeManifest, type Manifest } from "../../src/large/manifest.ts";
import { codeOf } from "../failure.ts";
import { name, oid } from "../samples.ts";

const manifest: Manifest = {
  blobId: oid(1),
  size: 60,
  chunks: [
    { id: oid(2), size: 10, container: name(1) },
    { id: oid(3), size: 20, container: name(1) },
    { id: oid(2), size: 10, container: name(1) },
    { id: oid(4), size: 20, container: name(2) },
  ],
};
const text = `trunks chunks 1
blob ${oid(1)} 60
container ${name(1)}
${oid(2)} 10
${oid(3)} 20
${oid(2)} 10
container ${name(2)}
${oid(4)} 20
`;
const read = (changed: string) => decodeManifest("sha1", oid(1), new TextEncoder().encode(changed));

describe("a manifest", () => {
  test("is lines of text, which are read as they were written", () => {
    expect(new TextDecoder().decode(encodeManifest(manifest))).toBe(text);
    expect(read(text)).toEqual(manifest);
  });

  test.each([
    ["cut short", text.slice(0, -1)],
    ["cut short by a line", text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1)],
    ["of another blob", text.replace(oid(1), oid(9))],
    ["of another size", text.replace("60", "61")],
    ["without a container", text.replace(`container ${name(1)}\n`, "")],
    ["with an id of another format", text.replace(oid(3), oid(3, 64))],
    ["with a chunk of no size", text.replace(`${oid(4)} 20`, `${oid(4)} 0`)],
    ["with a word in a number's place", text.replace(`${oid(4)} 20`, `${oid(4)} many`)],
    ["with a line of another kind", `${text}delta ${oid(4)}\n`],
    ["something else", "PNG"],
  ])("%s is damaged", (_, changed) => {
    expect(codeOf(() => read(changed))).toBe("CORRUPT");
  });

  test("of a newer form stops its reader", () => {
    expect(codeOf(() => read(text.replace("chunks 1", "chunks 2")))).toBe("NOT_SUPPORTED");
  });
});
