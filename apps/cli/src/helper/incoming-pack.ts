import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bodySlice, TrunksError } from "@trunks/core";
import {
  type CataloguePack,
  concatPacks,
  downloadInline,
  downloadSegment,
  type ObjectFormat,
  type PackPart,
  packNameText,
  type Repository,
  type Segment,
} from "@trunks/repo";
import { type GitOptions, git } from "./git.ts";
import type { Progress } from "./progress.ts";

export interface InstallRequest {
  readonly repository: Repository;
  readonly packs: readonly CataloguePack[];
  readonly objects: ObjectFormat;
  /** Where packs go: `objects/pack`, absolute. */
  readonly packDir: string;
  /** The repository in which git works on packs. Default: the one of this process. */
  readonly gitDir?: string;
  /** Let git look into every object, and index what is downloaded itself. */
  readonly strict: boolean;
  /** Fewer objects than this become loose objects. */
  readonly unpackLimit: number;
  /** Keep what is installed from being packed again, until the caller removes the `.keep` files. */
  readonly keep: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Paths of installed packs, without their endings. */
export async function installPacks(request: InstallRequest): Promise<string[]> {
  await mkdir(request.packDir, { recursive: true });
  const segments = request.packs.filter(({ name }) => name.kind === "segment").map(({ pack }) => pack as Segment);
  const installed: string[] = [];
  // One after the other: each is read by parallel ranges already.
  for (const segment of segments) installed.push(await installSegment(segment, request));
  // Inline packs may build on what the segments bring.
  const inline = request.packs.filter(({ name }) => name.kind !== "segment");
  if (inline.length > 0) installed.push(...(await installInline(inline, request)));
  return installed;
}

/** A segment goes where git wants it as it is: nothing is unpacked, indexed or written twice. */
async function installSegment(segment: Segment, request: InstallRequest): Promise<string> {
  if (request.strict) return installThroughGit(downloadPack(segment, request), request);
  const temporary = join(request.packDir, `tmp_pack_${segment.id}_${process.pid}`);
  const index = join(request.packDir, `tmp_idx_${segment.id}_${process.pid}`);
  try {
    const [trailer] = await Promise.all([
      writePack(temporary, downloadPack(segment, request), request.objects),
      writeAll(index, downloadSegment(request.repository.backend, segment, "index", request)),
    ]);
    const path = join(request.packDir, `pack-${trailer}`);
    if (request.keep) await writeFile(`${path}.keep`, "trunks fetch\n");
    await rename(temporary, `${path}.pack`);
    await rename(index, `${path}.idx`); // Last: with its index a pack exists for git.
    return path;
  } finally {
    await Promise.all([rm(temporary, { force: true }), rm(index, { force: true })]);
  }
}

async function* downloadPack(
  segment: Segment,
  { repository, progress, signal }: InstallRequest,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of downloadSegment(repository.backend, segment, "pack", { signal })) {
    progress.add(chunk.length);
    yield chunk;
  }
}

/** Many small pushes become one pack, or loose objects when that is what git would do. */
async function installInline(packs: readonly CataloguePack[], request: InstallRequest): Promise<string[]> {
  const { repository, objects, signal } = request;
  const parts: PackPart[] = [];
  for (const pack of packs) {
    const bytes = await downloadInline(repository.backend, pack, repository.records, { signal });
    request.progress.add(bytes.length);
    parts.push({ name: packNameText(pack.name), body: bytes });
  }
  const objectCount = packs.reduce((sum, { pack }) => sum + pack.objectCount, 0);
  // Git's strict indexing wants each object once in a pack, and two pushes may have brought the same one.
  if (request.strict) return installEach(parts, request);
  const joined = concatPacks(objects, parts);
  if (objectCount >= request.unpackLimit || request.keep) return [await installThroughGit(joined, request)];
  await run(request, ["unpack-objects", "-q"], joined);
  return [];
}

async function installEach(parts: readonly PackPart[], request: InstallRequest): Promise<string[]> {
  const installed: string[] = [];
  for (const { body } of parts) installed.push(await installThroughGit(bodySlice(body), request));
  return installed;
}

async function installThroughGit(pack: AsyncIterable<Uint8Array>, request: InstallRequest): Promise<string> {
  const flags = [...(request.strict ? ["--strict"] : []), ...(request.keep ? ["--keep=trunks fetch"] : [])];
  const output = await run(request, ["index-pack", "--stdin", "--fix-thin", ...flags], pack);
  const name = /[0-9a-f]{40,64}/.exec(output.toString("latin1"))?.[0];
  if (name === undefined) throw new TrunksError("INTERNAL", "git index-pack did not name its pack");
  return join(request.packDir, `pack-${name}`);
}

function run({ gitDir, signal }: InstallRequest, args: readonly string[], input: GitOptions["input"]): Promise<Buffer> {
  if (gitDir === undefined) return git(args, { input, signal });
  return git([`--git-dir=${gitDir}`, ...args], { input, signal, foreignRepository: true });
}

/** Writes a pack and answers its trailer, which is its name. */
async function writePack(path: string, chunks: AsyncIterable<Uint8Array>, objects: ObjectFormat): Promise<string> {
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

async function writeAll(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, "wx", 0o444);
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}
