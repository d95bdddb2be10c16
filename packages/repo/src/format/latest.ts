import { decodeHeadedFile, encodeHeadedFile } from "./headed-file.ts";
import { latestKey, snapshotKeySlot } from "./key.ts";
import { LineReader } from "./line-reader.ts";

/** Which snapshot was the newest when this was written. See docs/format.md, 3.7. */
export interface Latest {
  readonly trunkId: string;
  readonly slot: number;
  readonly snapshotKey: string;
}

export function encodeLatest(latest: Latest): Uint8Array {
  const lines = [`trunk ${latest.trunkId}`, `slot ${latest.slot}`, `snapshot ${latest.snapshotKey}`];
  return encodeHeadedFile("latest", lines).bytes;
}

/** Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer format. */
export function decodeLatest(bytes: Uint8Array): Latest {
  const reader = new LineReader(decodeHeadedFile(bytes, ["latest"], latestKey).text, latestKey);
  const latest = {
    trunkId: reader.id(reader.required("trunk")),
    slot: reader.number(reader.required("slot")),
    snapshotKey: reader.required("snapshot"),
  };
  reader.end();
  if (snapshotKeySlot(latest.snapshotKey) !== latest.slot) reader.fail("its snapshot is of another slot");
  return latest;
}
