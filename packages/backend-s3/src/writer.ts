import { bodySize, bytesBody } from "@trunks/core";
import { lossOf, operationOf, pause, type Write } from "@trunks/http-store";
import { putObject } from "./commands-write.ts";
import { writeInParts } from "./multipart.ts";
import { contentMd5 } from "./platform.ts";
import { refusalOf } from "./refusal.ts";
import type { S3Store } from "./store.ts";

/** How often a write is begun again that met another one. */
const maxAttempts = 8;

/** Writes the body: true when it was written, false when `ifAbsent` and the key was taken. */
export async function writeObject(store: S3Store, write: Write): Promise<boolean> {
  const inParts = bodySize(write.body) > 2 * store.options.partSizeBytes;
  for (let attempt = 1; ; attempt++) {
    try {
      await (inParts ? writeInParts(store, write) : writeWhole(store, write));
      return true;
    } catch (error) {
      if (write.ifAbsent && isTaken(error)) return false;
      if (!isUndecided(error) || attempt === maxAttempts) throw error;
    }
    await pause(attempt, 0, write.signal);
  }
}

async function writeWhole(store: S3Store, write: Write): Promise<void> {
  const { key, body, ifAbsent, signal } = write;
  const bytes = await bytesBody(body);
  const command = putObject(store.options.keyPrefix + key, { body: bytes, md5: contentMd5(bytes), ifAbsent });
  await store.send(command, { operation: operationOf(write), key, loss: lossOf(write), signal });
}

/** The answer's status is 412; but who completes an upload may get a 200 early, and the refusal in its body. */
function isTaken(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal?.status === 412 || refusal?.code === "PreconditionFailed";
}

/**
 * Two writers came at once and the store decided for neither: nothing was written, and S3 asks to begin again, with all
 * parts. Versity says the last of these when a folder was removed under it, besides when a key is a folder.
 */
function isUndecided(error: unknown): boolean {
  const { status, code = "" } = refusalOf(error) ?? {};
  return status === 409 && /^(ConditionalRequestConflict|OperationAborted|ExistingObjectIsDirectory)$/.test(code);
}
