import { close, openSync, writev } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { State } from "@trunks/repo";

/** Writes a pack and answers its trailer, which is its name. */
export async function writePack(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  objects: State["objects"],
): Promise<string> {
  const length = objects === "sha1" ? 20 : 32;
  let tail: Uint8Array = new Uint8Array(0);
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      tail = chunk.length >= length ? chunk.slice(-length) : Buffer.concat([tail, chunk]).subarray(-length);
      yield chunk;
    }
  }
  await writeAll(path, watched());
  return Buffer.from(tail).toString("hex");
}

/** Writes a new file that nobody may change. */
export async function writeAll(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const asked = Symbol.asyncIterator in chunks ? ask(chunks) : chunks; // Before the file is there: a pack and its index are then asked for in one round.
  const file = await open(path, "wx", 0o444);
  try {
    for await (const chunk of asked) {
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

/** The same with pieces that are there already: they go to the system at once, which writes them while this process does something else. */
export async function writePieces(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = openSync(path, "wx", 0o444);
  try {
    for (let rest = pieces; rest.length > 0; ) rest = behind(rest, (await promisify(writev)(file, rest)).bytesWritten);
  } finally {
    await promisify(close)(file);
  }
}

/** What comes behind the first so many bytes. */
function behind(pieces: readonly Uint8Array[], sizeBytes: number): readonly Uint8Array[] {
  let left = sizeBytes;
  const first = pieces.findIndex((piece) => {
    if (piece.length > left) return true;
    left -= piece.length;
    return false;
  });
  if (first === -1) return [];
  return [(pieces[first] as Uint8Array).subarray(left), ...pieces.slice(first + 1)];
}

/** `chunks`, the first of which is asked for now and not when it is read. */
function ask(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => {}); // Its failure is thrown when it is read.
  return (async function* () {
    try {
      for (let chunk = await first; !chunk.done; chunk = await iterator.next()) yield chunk.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

/** Gives a pack and its index their names; answers `path`, which has no ending. */
export async function placePack(
  path: string,
  { pack, index, keep }: { readonly pack: string; readonly index: string; readonly keep: boolean },
): Promise<string> {
  if (keep) await keepPack(path);
  await rename(pack, `${path}.pack`);
  await rename(index, `${path}.idx`); // Last: with its index a pack exists for git.
  return path;
}

/** Keeps git from packing a pack again, and so from removing it. */
export async function keepPack(path: string): Promise<void> {
  await writeFile(`${path}.keep`, "trunks fetch\n");
}
