import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import {
  type CataloguePack,
  decodeText,
  encodeText,
  isThin,
  packNameText,
  type Repository,
  type Segment,
  type State,
  sortedRefs,
  verifyThinSegment,
} from "@trunks/repo";
import { git, gitStream } from "../helper/git.ts";
import { installPacks } from "../helper/incoming-pack.ts";
import { Progress } from "../helper/progress.ts";
import { ContainerCopies } from "./container-copies.ts";
import { type Problem, problem } from "./problem.ts";

export interface ContentsOptions {
  /** Let git look into every object, too. Default: only whether all that the refs reach is there. */
  readonly full: boolean;
  readonly showProgress: boolean;
  readonly signal: AbortSignal;
}

/** Problems beyond these say nothing new. */
const maxConnectivityProblems = 100;

/**
 * Downloads every pack and its index, checks their digests, and lets git verify in a temporary bare repository that
 * everything the refs reach is there. Needs as much room in the temporary folder as the trunk has, and as the large files that
 * are kept in chunks.
 */
export async function checkContents(
  repository: Repository,
  state: State,
  options: ContentsOptions,
): Promise<Problem[]> {
  const folder = await mkdtemp(join(tmpdir(), "trunks-check-"));
  try {
    const format = state.objects === "sha1" ? [] : ["--object-format=sha256"];
    await git(["init", "--quiet", "--bare", ...format, folder], { foreignRepository: true, signal: options.signal });
    const problems = await download(repository, state, folder, options);
    const refs = sortedRefs(state).map(([name, ref]) => `${ref.id} ${name}\n`);
    await writeFile(join(folder, "packed-refs"), encodeText(`# pack-refs with: sorted \n${refs.join("")}`));
    await writeFile(join(folder, "HEAD"), encodeText(`ref: ${state.head}\n`));
    const missing = await checkConnectivity([`--git-dir=${folder}`], options);
    return [...problems, ...missing];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets git look for objects that are missing or broken; `repository` are the options that name it. */
export async function checkConnectivity(
  repository: readonly string[],
  { full, signal }: Omit<ContentsOptions, "showProgress">,
  code: Problem["code"] = "CONNECTIVITY",
): Promise<Problem[]> {
  const depth = full ? "--full" : "--connectivity-only";
  const chunks: Buffer[] = [];
  try {
    const args = [...repository, "fsck", depth, "--no-dangling", "--no-progress"];
    const foreignRepository = repository.length > 0;
    for await (const chunk of gitStream(args, { foreignRepository, signal, environment: { LC_ALL: "C" } }))
      chunks.push(chunk);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    if (!isTrunksError(error, "INTERNAL")) throw error;
    // What is missing stands on standard output, what is broken on standard error, which the message ends with.
    const lines = `${decodeText(Buffer.concat(chunks))}${error.message.replace(/^git fsck[^:]*:?\s*/, "")}`.split("\n");
    const told = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("notice:"));
    const found = told.slice(0, maxConnectivityProblems).map((line) => {
      const subject = /refs\/\S+(?=:)|[0-9a-f]{40,64}/.exec(line)?.[0] ?? "";
      return problem("error", code, subject, line.replace(/^error: /, ""));
    });
    return found.length > 0 ? found : [problem("error", code, "", error.message)];
  }
}

async function download(
  repository: Repository,
  state: State,
  folder: string,
  options: ContentsOptions,
): Promise<Problem[]> {
  const packs = [...state.packs.values()];
  const total = packs.reduce((sum, { pack }) => sum + pack.size, 0);
  const progress = new Progress("Downloading packs", total, options.showProgress);
  const copies = new ContainerCopies(folder);
  const source = { backend: copies.over(repository.backend), records: repository.records };
  const install = (some: readonly CataloguePack[]) =>
    installPacks({
      repository: source,
      packs: some,
      state,
      packDir: join(folder, "objects", "pack"),
      gitDir: folder,
      strict: false,
      unpackLimit: 1,
      keep: false,
      progress,
      signal: options.signal,
    });
  const problems: Problem[] = [];
  const attempt = async (pack: CataloguePack) => {
    try {
      const [path] = await install([pack]);
      if (pack.name.kind === "segment" && isThin(pack))
        await verifyThinSegment(repository.backend, state, pack.pack as Segment, { signal: options.signal });
      else if (path !== undefined && pack.name.kind === "segment")
        await checkIndex(`${path}.idx`, pack.pack.objectCount);
    } catch (error) {
      problems.push(packProblem(pack, error, options.signal));
    }
  };
  /** Also what no blob is made of any more. Answers those that are whole. */
  const copy = async (containers: readonly CataloguePack[]) => {
    const whole: CataloguePack[] = [];
    for (const pack of containers) {
      try {
        await copies.add(repository.backend, pack.pack as Segment, options.signal);
        progress.add(pack.pack.size);
        whole.push(pack);
      } catch (error) {
        problems.push(packProblem(pack, error, options.signal));
      }
    }
    return whole;
  };
  const ofKind = (...kinds: CataloguePack["name"]["kind"][]) => packs.filter(({ name }) => kinds.includes(name.kind));
  // Thin ones build on what the others hold.
  for (const pack of ofKind("segment").filter((pack) => !isThin(pack))) await attempt(pack);
  for (const pack of ofKind("segment").filter(isThin)) await attempt(pack);
  for (const pack of await copy(ofKind("container"))) await attempt(pack);
  await copies.remove();
  const inline = ofKind("record", "intent");
  try {
    // All at once, because git starts once for all.
    await install(inline);
  } catch {
    options.signal.throwIfAborted();
    for (const pack of inline) await attempt(pack);
  }
  progress.end();
  return problems;
}

function packProblem({ name }: CataloguePack, error: unknown, signal: AbortSignal): Problem {
  signal.throwIfAborted();
  if (!isTrunksError(error)) throw error;
  if (error.code === "NOT_FOUND") return problem("error", "MISSING", packNameText(name), error.message);
  if (error.code === "CORRUPT" || error.code === "INTERNAL") {
    return problem("error", "CORRUPT", packNameText(name), error.message);
  }
  throw error;
}

/** An index says in its last fan-out entry how many objects it has. Source: gitformat-pack, version 2. */
async function checkIndex(path: string, objectCount: number): Promise<void> {
  const file = await open(path);
  try {
    const header = Buffer.alloc(8 + 256 * 4);
    const { bytesRead } = await file.read(header);
    const opens = bytesRead === header.length && header.readUInt32BE(0) === 0xff744f63 && header.readUInt32BE(4) === 2;
    const found = opens ? header.readUInt32BE(8 + 255 * 4) : undefined;
    if (found === objectCount) return;
    throw new TrunksError("CORRUPT", opens ? `its index has ${found} of ${objectCount} objects` : "its index is none");
  } finally {
    await file.close();
  }
}
