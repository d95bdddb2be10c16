import { createHash, getFips, randomUUID } from "node:crypto";
import { bodySize, bytesBody } from "@trunks/core";
import { lossOf, type Write } from "@trunks/http-store";
import { refusalOf } from "./refusal.ts";
import { writeResumably } from "./resumable.ts";
import type { GcsStore } from "./store.ts";
import { describeObject, requestOf, uploadPath } from "./write.ts";

/** Writes the body: true when it was written, false when `ifAbsent` and the key was taken. */
export async function writeObject(store: GcsStore, write: Write): Promise<boolean> {
  const isLarge = bodySize(write.body) > store.options.singleRequestBytes;
  try {
    await (isLarge ? writeResumably(store, write) : writeWhole(store, write));
    return true;
  } catch (error) {
    if (write.ifAbsent && refusalOf(error)?.status === 412) return false;
    throw error;
  }
}

/** Description and bytes in one request: the digest is checked before anything is visible. */
async function writeWhole(store: GcsStore, write: Write): Promise<void> {
  const bytes = await bytesBody(write.body);
  const boundary = `trunks-${randomUUID()}`;
  const md5Hash = getFips() === 1 ? undefined : createHash("md5").update(bytes).digest("base64");
  const description = JSON.stringify({ ...describeObject(store, write), md5Hash });
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\ncontent-type: application/json\r\n\r\n${description}\r\n`),
    Buffer.from(`--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`),
    bytes,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  await store.send({
    method: "POST",
    path: uploadPath(store, write, "multipart"),
    headers: { "content-type": `multipart/related; boundary=${boundary}` },
    body,
    ...requestOf(write),
    loss: lossOf(write),
  });
}
