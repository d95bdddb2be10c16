import { createHash } from "node:crypto";
export async function* concatenatePacks(
  packs: readonly Uint8Array[],
  objects: "sha1" | "sha256",
): AsyncGenerator<Uint8Array> {
  const h = createHash(objects);
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  const n = objects === "sha1" ? 20 : 32;
  head.writeUInt32BE(
    packs.reduce((s, p) => s + Buffer.from(p.buffer, p.byteOffset).readUInt32BE(8), 0),
    8,
  );
  h.update(head);
  yield head;
  for (const p of packs) {
    const b = p.subarray(12, -n);
    h.update(b);
    yield b;
  }
  yield h.digest();
}
