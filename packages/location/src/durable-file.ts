import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { TrunksError } from "@trunks/core";

/** Replaces a file as a whole: after a crash it is the old one or the new one. Only its owner can read it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const written = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(written, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(written, path);
  } catch (error) {
    await rm(written, { force: true });
    throw unwritable(path, error);
  }
  await syncFolder(dirname(path));
}

/** The text of a file; `undefined` when there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new TrunksError("PERMISSION_DENIED", `${path} cannot be read (${code})`, { cause: error });
  }
}

/** What a failure to write means. */
export function unwritable(path: string, cause: unknown): TrunksError {
  const { code } = cause as NodeJS.ErrnoException;
  const kind = code === "ENOSPC" || code === "EDQUOT" ? "NO_SPACE" : "PERMISSION_DENIED";
  return new TrunksError(kind, `${path} cannot be written (${code})`, { cause });
}

/** Where folders can be flushed, so that a rename in it outlives the machine. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
