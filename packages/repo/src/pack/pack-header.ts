import { TrunksError } from "@trunks/core";

/** Size in bytes of what every pack begins with: `PACK`, the version, the number of entries. */
export const packHeaderSizeBytes = 12;

const signature = 0x5041434b;

/** The header of a pack of version 2. */
export function packHeader(objectCount: number): Uint8Array {
  const bytes = new Uint8Array(packHeaderSizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature);
  view.setUint32(4, 2);
  view.setUint32(8, objectCount);
  return bytes;
}

/** How many entries the pack that begins with `bytes` says it has. Throws `CORRUPT` when this is no pack of version 2 or 3. */
export function parsePackHeader(bytes: Uint8Array): number {
  if (bytes.length < packHeaderSizeBytes) throw new TrunksError("CORRUPT", "a pack ends within its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, packHeaderSizeBytes);
  if (view.getUint32(0) !== signature) throw new TrunksError("CORRUPT", 'a pack does not begin with "PACK"');
  const version = view.getUint32(4);
  // Git reads version 3 as it reads version 2, and writes only the latter.
  if (version !== 2 && version !== 3) throw new TrunksError("CORRUPT", `a pack of unknown version ${version}`);
  return view.getUint32(8);
}
