import { constants } from "node:fs";
import { copyFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { unwritable } from "./durable-file.ts";

/**
 * Copies git's index, to a path where nothing is. The copy is as old as the index: a file that changed to the same size within
 * the second in which it was staged is known by nothing else, and only an index of that second makes git read it. Throws the
 * system's errors.
 */
export async function copyIndex(index: string, target: string): Promise<void> {
  // Looked at first: should another index come in between, the copy is too old, which costs time and loses nothing.
  const { mtimeMs } = await stat(index);
  await copyFile(index, target, constants.COPYFILE_EXCL);
  await setSecond(target, mtimeMs);
}

/**
 * Has git write an index, which is then as old as the moment before it looked at the first file. So a file that changes while
 * git is still at work on others is read again; see `copyIndex`. Answers and throws what `write` does, and what `unwritable` says.
 */
export async function writeIndex<Answer>(index: string, write: () => Promise<Answer>): Promise<Answer> {
  const beganMs = await fileSystemTime(`${index}.clock`);
  const answer = await write();
  await setSecond(index, beganMs).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw unwritable(index, error); // Without any file git makes none.
  });
  return answer;
}

/** The file system's own clock, which need not be this machine's. In milliseconds. */
async function fileSystemTime(path: string): Promise<number> {
  try {
    await writeFile(path, "");
    return (await stat(path)).mtimeMs;
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    await rm(path, { force: true });
  }
}

/** Whole seconds are what most builds of git compare; to be too old is safe. */
async function setSecond(path: string, timeMs: number): Promise<void> {
  const second = Math.floor(timeMs / 1000);
  await utimes(path, second, second);
}
