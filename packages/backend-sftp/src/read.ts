import { type ByteRange, bytesContent, type Content, resolveRange } from "@trunks/core";
import type { Connection } from "./connection.ts";
import type { Attempt } from "./failure.ts";
import { FileContent } from "./file-content.ts";
import { kindOf } from "./folders.ts";
import { isRefusal, status } from "./refusal.ts";
import type { Handle } from "./session.ts";
import type { SftpStore } from "./store.ts";

/** Reads a file or a part of it: see `Backend.get`. What fits into one answer comes with the second round trip. */
export async function readFile(
  store: SftpStore,
  path: string,
  range: ByteRange | undefined,
  attempt: Attempt,
): Promise<Content | undefined> {
  // A range that is none is refused before anything is sent.
  resolveRange(range, 0);
  return await store.run(attempt, async (connection) => {
    const handle = await openFile(connection, path, attempt);
    if (handle === undefined) {
      await store.checkRoot(connection, attempt);
      return undefined;
    }
    try {
      const content = await readOpenFile(connection, handle, range, attempt);
      if (!(content instanceof FileContent)) connection.release(handle);
      return content;
    } catch (error) {
      connection.release(handle);
      throw error;
    }
  });
}

/** `undefined` when nothing is there. */
async function openFile(connection: Connection, path: string, attempt: Attempt): Promise<Handle | undefined> {
  try {
    return await connection.openFile(path, "r", attempt.signal);
  } catch (error) {
    if (isRefusal(error, status.noSuchFile)) return undefined;
    // Below a key there is nothing; and not every server opens folders.
    if (isRefusal(error, status.failure) && (await isNoKey(connection, path, attempt))) return undefined;
    throw error;
  }
}

async function isNoKey(connection: Connection, path: string, attempt: Attempt): Promise<boolean> {
  const found = await connection.stat(path, attempt.signal).catch(() => undefined);
  if (found !== undefined) return found.kind === "folder";
  return (await kindOf(connection, path, attempt)) === "file";
}

async function readOpenFile(
  connection: Connection,
  handle: Handle,
  range: ByteRange | undefined,
  attempt: Attempt,
): Promise<Content | undefined> {
  const { signal } = attempt;
  const isSuffix = range !== undefined && "suffix" in range;
  const early = isSuffix ? undefined : resolveRange(range, Number.MAX_SAFE_INTEGER);
  // Asked beside the size: it is not known yet how much of it there is.
  const reading = early && readHead(connection, handle, early, signal);
  reading?.catch(() => {});
  const { kind, size } = await connection.fstat(handle, signal);
  if (kind === "folder") return undefined;
  const { start, end } = resolveRange(range, size);
  const head = await (reading ?? readHead(connection, handle, { start, end }, signal));
  // A file that is overwritten in place, by whomever, may have another size by now.
  const part = head.subarray(0, Math.min(head.length, end - start));
  if (part.length === end - start) return bytesContent(new Uint8Array(part), size);
  return new FileContent({ connection, handle, start, end, totalSize: size, head: part }, attempt);
}

async function readHead(
  connection: Connection,
  handle: Handle,
  { start, end }: { start: number; end: number },
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const into = Buffer.allocUnsafeSlow(Math.min(end - start, connection.readBytes));
  if (into.length === 0) return into;
  return into.subarray(0, await connection.read(handle, into, start, signal));
}
