import { createReadStream } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "@trunks/core";
import { inlinePackLimit, type LargeBlobBody, type PublicationPack } from "@trunks/repo";
import { git, gitStream } from "./git.ts";
import { findLargeBlobs } from "./large-blobs.ts";
import type { LocalRepository } from "./local-repository.ts";
import { packingByType } from "./packing-by-type.ts";
import { revisions } from "./revisions.ts";

export interface OutgoingPack {
  readonly pack: PublicationPack | undefined;
  /** Blobs that the pack leaves out. */
  readonly large: readonly LargeBlobBody[];
  /** Removes temporary files; call it when the push is over. */
  remove(): Promise<void>;
}

export interface PackRequest {
  /** Everything that these reach goes in … */
  readonly newIds: readonly string[];
  /** … but what these reach, which must be here. */
  readonly assumedIds: readonly string[];
  /** Blobs of this size in bytes and above are left out, unless all together is small. Default: none are. */
  readonly thresholdBytes?: number;
  /** In bytes: the trunk keeps blobs of this size and above in chunks, so that no delta can be against one. Default: it has none. */
  readonly leastLargeBytes?: number;
  /** For temporary files; on the file system of the repository's objects, because git renames packs into it. */
  readonly folder: string;
  /** Where the objects are. */
  readonly local: LocalRepository;
  readonly progress: boolean;
  readonly signal: AbortSignal;
}

const packArguments = ["pack-objects", "--revs", "--delta-base-offset"];
/** A segment is one pack with a version-2 index, whatever the user's settings say. */
const packSettings = ["-c", "pack.packSizeLimit=0", "-c", "pack.indexVersion=2", "-c", "pack.writeReverseIndex=false"];

/**
 * Packs what is new. A small pack stays in memory and may be thin. A large one becomes a pack with an index in files:
 * from nothing git writes both at once; with something to build on it first writes a thin pack, which is completed when it
 * turns out to be large. Fails when an object is missing, so that success proves the new history complete.
 */
export async function makeOutgoingPack(request: PackRequest): Promise<OutgoingPack> {
  const base = join(request.folder, "out");
  const remove = () => rm(request.folder, { recursive: true, force: true });
  try {
    const { thresholdBytes } = request;
    if (thresholdBytes === undefined) return { pack: await packAll(request, base), large: [], remove };
    return { ...(await packBesideLarge(request, thresholdBytes, base)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Calls `onGrowing` when the pack may become larger than a small one. */
function packAll(request: PackRequest, base: string, onGrowing?: () => void): Promise<PublicationPack | undefined> {
  if (request.assumedIds.length > 0) return packThin(request, base, { onGrowing });
  onGrowing?.();
  return packWhole(request, base);
}

/**
 * Beside a pack that grows it is looked whether there are large blobs; if there are, git begins again and leaves them out. So a
 * small push is made as it would be without.
 */
async function packBesideLarge(
  request: PackRequest,
  thresholdBytes: number,
  base: string,
): Promise<Pick<OutgoingPack, "pack" | "large">> {
  const stop = new AbortController();
  let search: Promise<LargeBlobBody[]> | undefined;
  const onGrowing = () => {
    search = findLargeBlobs({ ...request, thresholdBytes });
    search.then((found) => found.length > 0 && stop.abort()).catch(() => stop.abort());
  };
  let pack: PublicationPack | undefined;
  try {
    const signal = AbortSignal.any([request.signal, stop.signal]);
    pack = await packAll({ ...request, signal }, base, onGrowing);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  const large = (await search) ?? [];
  if (large.length === 0) return { pack, large };
  return {
    pack: await packThin(request, `${base}-rest`, { filter: [`--filter=blob:limit=${thresholdBytes}`] }),
    large,
  };
}

async function packWhole(request: PackRequest, base: string): Promise<PublicationPack | undefined> {
  const { settings, environment } = await packingByType(request);
  const output = await git([...settings, ...packSettings, ...packArguments, ...flags(request), base], {
    ...runOptions(request),
    environment,
  });
  const name = `${base}-${output.toString("latin1").trim()}`;
  const { size } = await stat(`${name}.pack`);
  return size <= inlinePackLimit ? inlinePack(await readFile(`${name}.pack`)) : segmentPack(name);
}

async function packThin(
  request: PackRequest,
  base: string,
  { filter = [], onGrowing }: { readonly filter?: readonly string[]; readonly onGrowing?: () => void } = {},
): Promise<PublicationPack | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  let spool: Awaited<ReturnType<typeof open>> | undefined;
  try {
    for await (const chunk of gitStream(
      [
        ...packSettings,
        ...deltaSettings(request),
        ...packArguments,
        "--thin",
        "--stdout",
        ...filter,
        ...flags(request),
      ],
      runOptions(request),
    )) {
      size += chunk.length;
      if (spool === undefined && size > inlinePackLimit) {
        onGrowing?.();
        spool = await open(`${base}.thin`, "wx");
        await spool.writeFile(Buffer.concat(chunks));
      }
      if (spool === undefined) chunks.push(chunk);
      else await spool.writeFile(chunk);
    }
  } finally {
    await spool?.close();
  }
  return spool === undefined ? inlinePack(Buffer.concat(chunks)) : completeThin(request, base);
}

/**
 * Git seeks no delta for a blob above `core.bigFileThreshold`, nor against one. What it has in packs already it would take as it
 * is, even so.
 */
function deltaSettings({ leastLargeBytes }: PackRequest): string[] {
  if (leastLargeBytes === undefined) return [];
  return ["-c", `core.bigFileThreshold=${leastLargeBytes - 1}`, "-c", "pack.useBitmaps=false"];
}

async function completeThin(request: PackRequest, base: string): Promise<PublicationPack> {
  const name = `${base}-complete`;
  const progress = request.progress ? ["-v"] : [];
  await git([...packSettings, "index-pack", "--stdin", "--fix-thin", ...progress, `${name}.pack`], {
    input: createReadStream(`${base}.thin`),
    showMessages: request.progress,
    signal: request.signal,
  });
  await rm(`${base}.thin`);
  return segmentPack(name);
}

function flags({ progress, leastLargeBytes }: PackRequest): string[] {
  const reuse = leastLargeBytes === undefined ? [] : ["--no-reuse-delta"];
  return [...reuse, ...(progress ? ["--progress", "--all-progress"] : ["-q"])];
}

function runOptions({ newIds, assumedIds, progress, signal }: PackRequest) {
  return { input: revisions(newIds, assumedIds), showMessages: progress, trueHistory: true, signal };
}

function inlinePack(bytes: Buffer): PublicationPack | undefined {
  const objectCount = bytes.readUInt32BE(8);
  return objectCount === 0 ? undefined : { kind: "inline", bytes, objectCount };
}

async function segmentPack(name: string): Promise<PublicationPack> {
  const [pack, index] = await Promise.all([fileSource(`${name}.pack`), fileSource(`${name}.idx`)]);
  const header = Buffer.alloc(12);
  const file = await open(`${name}.pack`);
  try {
    await file.read(header, 0, header.length, 0);
  } finally {
    await file.close();
  }
  return { kind: "segments", segments: [{ pack, index, objectCount: header.readUInt32BE(8) }] };
}

async function fileSource(path: string): Promise<Source> {
  const { size } = await stat(path);
  return {
    size,
    async *read(start, end) {
      if (end > start) yield* createReadStream(path, { start, end: end - 1, highWaterMark: 2 ** 20 });
    },
  };
}
