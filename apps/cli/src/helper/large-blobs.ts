import { type LargeBlobBody, usualChunkThreshold } from "@trunks/repo";
import { git, gitStream } from "./git.ts";
import type { LocalRepository } from "./local-repository.ts";
import { revisions } from "./revisions.ts";

export interface LargeBlobRequest {
  readonly newIds: readonly string[];
  readonly assumedIds: readonly string[];
  /** In bytes: blobs of this size and above are looked for. */
  readonly thresholdBytes: number;
  readonly signal: AbortSignal;
}

/**
 * From which size on blobs are kept in chunks, in bytes: the user's `trunks.chunkThreshold`, or 8 MiB. `undefined` for none at
 * all, which 0 means.
 */
export async function chunkThreshold(local: LocalRepository): Promise<number | undefined> {
  const threshold = (await local.settings()).number("trunks.chunkthreshold") ?? usualChunkThreshold;
  return threshold > 0 ? threshold : undefined;
}

/** Large blobs that the new ids reach and the assumed ones do not. */
export async function findLargeBlobs(request: LargeBlobRequest): Promise<LargeBlobBody[]> {
  const { newIds, assumedIds, thresholdBytes, signal } = request;
  // A walk through the whole history takes several times as long as a look at all sizes.
  if (assumedIds.length === 0 && !(await hasLargeObject(request))) return [];
  // What a partial clone has not is nothing new.
  const filter = [`--filter=blob:limit=${thresholdBytes}`, "--filter-print-omitted", "--missing=allow-any"];
  const input = revisions(newIds, assumedIds);
  const output = await git(["rev-list", "--objects", "--quiet", ...filter, "--stdin"], {
    input,
    trueHistory: true,
    signal,
  });
  const ids = [...output.toString("latin1").matchAll(/^~([0-9a-f]{40,64})$/gm)].map(([, id]) => id as string);
  if (ids.length === 0) return [];
  const sizes = await git(["cat-file", "--batch-check=%(objectname) %(objectsize)"], {
    input: Buffer.from(ids.map((id) => `${id}\n`).join("")),
    trueHistory: true,
    signal,
  });
  return [...sizes.toString("latin1").matchAll(/^([0-9a-f]{40,64}) ([0-9]+)$/gm)].map(([, id, size]) => ({
    id: id as string,
    size: Number(size),
    read: () => readBlob(id as string, request),
  }));
}

/** Whether any object of the repository is that large, in the history to be pushed or not. */
async function hasLargeObject({ thresholdBytes, signal }: LargeBlobRequest): Promise<boolean> {
  const args = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectsize)"];
  let rest = "";
  for await (const chunk of gitStream(args, { trueHistory: true, signal })) {
    const sizes = (rest + chunk.toString("latin1")).split("\n");
    rest = sizes.pop() as string;
    if (sizes.some((size) => Number(size) >= thresholdBytes)) return true;
  }
  return false;
}

/** Git would take a blob below this setting into memory as a whole. */
function readBlob(id: string, { thresholdBytes, signal }: LargeBlobRequest): AsyncGenerator<Uint8Array> {
  const settings = ["-c", `core.bigFileThreshold=${thresholdBytes}`];
  return gitStream([...settings, "cat-file", "blob", id], { trueHistory: true, signal });
}
