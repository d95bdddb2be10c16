/** `Platform` by Node's own modules, which Bun and Deno have too. They are imported when they are needed first. */
import { TrunksError } from "@trunks/core";
import type { TemporaryFile } from "./interface.ts";

export async function openTemporaryFile(): Promise<TemporaryFile> {
  const [{ mkdtemp, open, rm }, { tmpdir }, { join }] = await Promise.all([
    import("node:fs/promises"),
    import("node:os"),
    import("node:path"),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "trunks-spool-"));
  const file = await open(join(folder, "objects"), "wx+", 0o600);
  // Where an open file may be removed, nothing is left behind even by a process that is killed.
  await rm(folder, { recursive: true }).catch(() => {});
  return {
    async write(bytes, offset) {
      try {
        for (let at = 0; at < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at);
          at += bytesWritten;
        }
      } catch (error) {
        const isFull = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
        throw new TrunksError(isFull ? "NO_SPACE" : "INTERNAL", "a temporary file cannot be written", { cause: error });
      }
    },
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new TrunksError("INTERNAL", "a temporary file is shorter than it was");
        at += bytesRead;
      }
      return bytes;
    },
    async close() {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function environment(): Readonly<Record<string, string | undefined>> {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
}

export function emitWarning(message: string): void {
  const { process } = globalThis as { process?: { emitWarning?: (message: string, type: string) => void } };
  process?.emitWarning?.(message, "TrunksWarning");
}

export async function deflateStored(bytes: Uint8Array): Promise<Uint8Array> {
  const { deflateSync } = await import("node:zlib");
  return deflateSync(bytes, { level: 0 });
}

export async function inflateAll(bytes: Uint8Array): Promise<Uint8Array> {
  const { inflateSync } = await import("node:zlib");
  try {
    return inflateSync(bytes);
  } catch (error) {
    throw new TrunksError("INVALID_ARGUMENT", "these bytes are not deflated", { cause: error });
  }
}

export async function readTextFile(path: string): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return undefined;
    throw new TrunksError("PERMISSION_DENIED", `${path} cannot be read (${code})`, { cause: error });
  }
}

export async function resolvePath(folder: string, path: string): Promise<string> {
  return (await import("node:path")).resolve(folder, path);
}

export async function parentFolder(folder: string): Promise<string | undefined> {
  const parent = (await import("node:path")).dirname(folder);
  return parent === folder ? undefined : parent;
}

export async function isOwn(path: string): Promise<boolean> {
  const user = process.getuid?.();
  const { stat } = await import("node:fs/promises");
  return user === undefined || (await stat(path)).uid === user;
}
