import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Source } from "@trunks/core";
import type { Scratch } from "@trunks/repo";
import { systemError } from "../system-error.ts";

/** In bytes. What upkeep makes at once; larger segments stay as they are. */
const sizeBytes = 4 * 2 ** 30;
const chunkSizeBytes = 2 ** 20;

/** Scratch files in the system's folder for temporary files. */
export const diskScratch: Scratch = {
  sizeBytes,
  async create() {
    const folder = await told(mkdtemp(join(tmpdir(), "trunks-upkeep-")));
    const file = await told(open(join(folder, "pack"), "wx+", 0o600));
    let size = 0;
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) at += (await told(file.write(bytes, at))).bytesWritten;
        size += bytes.length;
      },
      async body(): Promise<Source> {
        return {
          size,
          async *read(start, end) {
            for (let at = start; at < end; ) {
              const chunk = new Uint8Array(Math.min(chunkSizeBytes, end - at));
              const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
              if (bytesRead === 0) return;
              at += bytesRead;
              yield chunk.subarray(0, bytesRead);
            }
          },
        };
      },
      async remove() {
        await file.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** A full disk is told as such. */
async function told<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw systemError(error) ?? error;
  }
}
