import { describe, expect, test } from "vitest";
import { decodeIntent, encodeIntent, type Intent } from "../../src/format/intent.ts";
import { codeOf } from "../failure.ts";
import { entry, inlineOf, move, name, oid, segment, trunk } from "../samples.ts";

const pack = new TextEncoder().encode("PACK and what follows");

function intent(fields: Parameters<typeof entry>[0] = {}): Intent {
  const { carried: _, ...own } = entry({ id: name(1), moves: [move("refs/heads/a", 0, 1)], ...fields });
  return { trunkId: trunk.id, objects: "sha1", entry: own };
}

describe("an intent", () => {
  test.each<[string, Parameters<typeof entry>[0], Uint8Array | undefined]>([
    ["with an inline pack", { inline: inlineOf(pack), assumed: [oid(7)], atomic: true }, pack],
    ["with segments", { segments: [segment(3)], assumed: "*" }, undefined],
    ["without a pack", {}, undefined],
  ])("%s comes back as it was", (_, fields, body) => {
    const written = intent(fields);
    expect(decodeIntent(encodeIntent(written, body), name(1))).toMatchObject(written);
  });

  const whole = encodeIntent(intent({ inline: inlineOf(pack) }), pack);

  test.each<[string, () => Uint8Array]>([
    ["cut short", () => whole.subarray(0, whole.length - 1)],
    ["with another byte in its pack", () => whole.map((byte, index) => (index === whole.length - 1 ? byte ^ 1 : byte))],
    ["with another byte in its header", () => whole.map((byte, index) => (index === 120 ? byte ^ 1 : byte))],
    ["of another entry", () => encodeIntent(intent({ id: name(2) }))],
    ["with a pack that it does not name", () => encodeIntent(intent(), pack)],
  ])("%s is damaged", (_, make) => {
    expect(codeOf(() => decodeIntent(make(), name(1)))).toBe("CORRUPT");
  });
});
