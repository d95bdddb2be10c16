import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import {
  type CataloguePack,
  concatPacks,
  downloadCatalogue,
  downloadInline,
  downloadSegment,
  downloadWhole,
  isThin,
  mapConcurrent,
  type PackPart,
  packNameText,
  type Repository,
  type Segment,
  type State,
  type WholeCatalogue,
} from "@trunks/repo";
import { GitFailure, type GitOptions, git } from "./git.ts";
import { absentLargeBlobs, installLarge, largePack } from "./incoming-large.ts";
import { keepPack, placePack, writeAll, writePack, writePieces } from "./pack-file.ts";
import type { Progress } from "./progress.ts";

export interface InstallRequest {
  readonly repository: Pick<Repository, "backend" | "records">;
  readonly packs: readonly CataloguePack[];
  /** What the packs are of: large blobs may have chunks in other containers than these. */
  readonly state: State;
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

interface Installation extends InstallRequest {
  /** Packs that could not be checked in full, because an object that they name had not arrived. */
  readonly suspects: string[];
}

/** Paths of installed packs, without their endings. */
export async function installPacks(request: InstallRequest): Promise<string[]> {
  await mkdir(request.packDir, { recursive: true });
  const installation: Installation = { ...request, suspects: [] };
  const installed = (await installCatalogue(installation)) ?? (await installApart(installation));
  const large = await absentLargeBlobs(request.packs, request);
  if (large.length > 0) installed.push(await installBlobs(large, installation));
  await checkSuspects(installed, installation);
  return installed;
}

/** Segments as they are, and the rest as one pack or a few. */
async function installApart(request: Installation): Promise<string[]> {
  const isSegment = ({ name }: CataloguePack) => name.kind === "segment";
  const whole = request.packs.filter((pack) => isSegment(pack) && !isThin(pack));
  const installed = await installSegments(
    whole.map(({ pack }) => pack as Segment),
    request,
  );
  // Thin packs may build on what the segments bring, and those in records on segments that are thin.
  const thin = request.packs.filter(isThin);
  const inOrder = [...thin.filter(isSegment), ...thin.filter((pack) => !isSegment(pack))];
  if (thin.length > 0) installed.push(...(await installThin(inOrder, request)));
  return installed;
}

/** All that a trunk has as one pack, when it is small and comes as a whole; without git, unless two pushes brought the same. */
async function installCatalogue(request: Installation): Promise<string[] | undefined> {
  const { repository, state, packs, keep, progress, signal } = request;
  const wanted = new Set(packs.map(({ name }) => packNameText(name)));
  const isWhole = [...state.packs.keys()].every((name) => wanted.has(name));
  const objectCount = packs.reduce((sum, { pack }) => sum + pack.objectCount, 0);
  if (request.strict || !isWhole || (objectCount < request.unpackLimit && !keep)) return undefined;
  const catalogue = await downloadCatalogue(repository.backend, state, {
    records: repository.records,
    progress: (sizeBytes) => progress.add(sizeBytes),
    signal,
  });
  return catalogue && ((await installJoined(catalogue, request)) ?? (await installParts(catalogue.parts, request)));
}

/** The pack is written while its index is made, for which it may turn out to be of no use. */
async function installJoined(
  { joined, index }: WholeCatalogue,
  { packDir, keep }: Installation,
): Promise<string[] | undefined> {
  const temporaryPack = join(packDir, `tmp_pack_all_${process.pid}`);
  const temporaryIndex = join(packDir, `tmp_idx_all_${process.pid}`);
  const writing = writePieces(temporaryPack, joined.pieces);
  // It is waited for below: until then its failure is nobody's.
  writing.catch(() => {});
  try {
    const indexBytes = await index();
    if (indexBytes === undefined) return undefined;
    await writePieces(temporaryIndex, [indexBytes]);
    await writing;
    const files = { pack: temporaryPack, index: temporaryIndex, keep };
    return [await placePack(join(packDir, `pack-${joined.checksum}`), files)];
  } finally {
    await Promise.allSettled([writing]); // What is being written cannot be removed for good.
    await Promise.all([rm(temporaryPack, { force: true }), rm(temporaryIndex, { force: true })]);
  }
}

function installBlobs(ids: readonly string[], request: Installation): Promise<string> {
  return request.strict ? installThroughGit(largePack(ids, request), request) : installLarge(ids, request);
}

/** Segments of one range that are asked for at a time. */
const segmentConcurrency = 8;

/** Small segments beside each other. Large ones one after the other: each is read by parallel ranges already. */
async function installSegments(segments: readonly Segment[], request: Installation): Promise<string[]> {
  const { rangeSizeBytes } = request.repository.backend.capabilities;
  const isSmall = ({ size }: Segment) => size <= rangeSizeBytes && !request.strict;
  const small = segments.filter(isSmall);
  const installed: string[] = [];
  while (small.length > 0) {
    const group = small.splice(0, segmentConcurrency).map((segment) => installSegment(segment, request));
    await Promise.allSettled(group); // Before a failure is told all are over: whoever tries again uses the same files.
    installed.push(...(await Promise.all(group)));
  }
  for (const segment of segments) if (!isSmall(segment)) installed.push(await installSegment(segment, request));
  return installed;
}

/** A segment goes where git wants it as it is: nothing is unpacked, indexed or written twice. */
async function installSegment(segment: Segment, request: Installation): Promise<string> {
  if (request.strict) return installThroughGit(downloadPack(segment, request), request);
  const { objects } = request.state;
  const temporary = join(request.packDir, `tmp_pack_${segment.id}_${process.pid}`);
  const index = join(request.packDir, `tmp_idx_${segment.id}_${process.pid}`);
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const parts = [
    writePack(temporary, downloadPack(segment, { ...request, signal }), objects),
    writeAll(index, downloadSegment(request.repository.backend, segment, "index", { signal })),
  ] as const;
  try {
    const [trailer] = await Promise.all(parts);
    const { packDir, keep } = request;
    return await placePack(join(packDir, `pack-${trailer}`), { pack: temporary, index, keep });
  } finally {
    // When one has failed, the other must be over before its file can be removed for good.
    stop.abort();
    await Promise.allSettled(parts);
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
async function installThin(packs: readonly CataloguePack[], request: Installation): Promise<string[]> {
  const objectCount = packs.reduce((sum, { pack }) => sum + pack.objectCount, 0);
  const loose = objectCount < request.unpackLimit && !request.keep && !request.strict;
  const installed: string[] = [];
  for (const group of groups(packs)) {
    const parts = await download(group, request);
    if (loose) await run(request, ["unpack-objects", "-q"], concatPacks(request.state.objects, parts));
    else installed.push(...(await installParts(parts, request)));
  }
  return installed;
}

/** In bytes: so much of small packs is in memory at a time, about. */
const groupSizeBytes = 64 * 2 ** 20;
/** Small packs that are asked for at a time. */
const downloadConcurrency = 16;

function* groups(packs: readonly CataloguePack[]): Generator<CataloguePack[]> {
  let group: CataloguePack[] = [];
  let size = 0;
  for (const pack of packs) {
    group.push(pack);
    size += pack.pack.size;
    if (size < groupSizeBytes) continue;
    yield group;
    group = [];
    size = 0;
  }
  if (group.length > 0) yield group;
}

async function download(packs: readonly CataloguePack[], request: InstallRequest): Promise<PackPart[]> {
  return mapConcurrent(packs, downloadConcurrency, async (pack) => {
    const name = packNameText(pack.name);
    const { repository, progress, signal } = request;
    if (pack.name.kind === "segment") {
      const told = { signal, progress: (sizeBytes: number) => progress.add(sizeBytes) };
      return { name, body: await downloadWhole(repository.backend, pack.pack as Segment, "pack", told) };
    }
    const body = await downloadInline(repository.backend, pack, repository.records, { signal });
    progress.add(body.length);
    return { name, body };
  });
}

/**
 * Two pushes may have brought the same object. Git fails only when such an object is the base of a delta by its id, which
 * is rare: then the parts are indexed in two halves.
 */
async function installParts(parts: readonly PackPart[], request: Installation): Promise<string[]> {
  try {
    return [await installThroughGit(concatPacks(request.state.objects, parts), request)];
  } catch (error) {
    if (parts.length === 1 || !(error instanceof GitFailure) || error.code === "NO_SPACE") throw error;
  }
  const middle = parts.length >> 1;
  const first = await installParts(parts.slice(0, middle), request);
  return [...first, ...(await installParts(parts.slice(middle), request))];
}

/** Git writes into a folder of its own, so that nothing is left of a pack that fails. */
async function installThroughGit(pack: AsyncIterable<Uint8Array>, request: Installation): Promise<string> {
  const { packDir, keep } = request;
  const folder = await mkdtemp(join(packDir, "tmp_trunks-"));
  try {
    const incoming = join(folder, "incoming");
    const output = await run(
      request,
      ["index-pack", "--stdin", "--fix-thin", ...strictness(request), `${incoming}.pack`],
      pack,
    );
    const [name, ...unchecked] = output.toString("latin1").match(/[0-9a-f]{40,64}/g) ?? [];
    if (name === undefined) throw new TrunksError("INTERNAL", "git index-pack did not name its pack");
    const path = join(packDir, `pack-${name}`);
    if (unchecked.length > 0) request.suspects.push(path);
    if (keep) await keepPack(path);
    const endings = (await readdir(folder)).map((file) => file.slice("incoming".length));
    // The index last: with it a pack exists for git.
    const inOrder = [...endings.filter((ending) => ending !== ".idx"), ".idx"];
    for (const ending of inOrder) await rename(incoming + ending, path + ending);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Not `--strict`: packs may come in any order, so that their links are git's to check when all are here. */
function strictness({ strict }: InstallRequest): string[] {
  return strict ? ["--fsck-objects"] : [];
}

/** Looks again at packs that name files with a meaning for git (`.gitmodules`) which came later. */
async function checkSuspects(installed: readonly string[], request: Installation): Promise<void> {
  const folder = request.suspects.length === 0 ? undefined : await mkdtemp(join(request.packDir, "tmp_trunks-"));
  if (folder === undefined) return;
  try {
    for (const path of request.suspects) {
      await run(request, ["index-pack", ...strictness(request), "-o", join(folder, "checked.idx"), `${path}.pack`]);
    }
  } catch (error) {
    const endings = [".idx", ".rev", ".keep", ".pack"];
    for (const path of installed) for (const ending of endings) await rm(path + ending, { force: true });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  { gitDir, signal }: InstallRequest,
  args: readonly string[],
  input?: GitOptions["input"],
): Promise<Buffer> {
  if (gitDir === undefined) return git(args, { input, signal });
  return git([`--git-dir=${gitDir}`, ...args], { input, signal, foreignRepository: true });
}
