import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FetchSelection, ObjectReader, State } from "@trunks/repo";
import { GitFailure, git } from "./git.ts";
import type { LocalRepository } from "./local-repository.ts";
import { packStream } from "./pack-stream.ts";
import { writeSkeleton } from "./temporary-repository.ts";

export interface SparseContext {
  readonly local: LocalRepository;
  readonly signal: AbortSignal;
}

/**
 * What is left of a selection when its blobs are filtered by the patterns that `name` names, an id or `main:patterns`. Stock git
 * says which paths match, in a temporary repository of the selected commits and trees alone. `undefined` when the name means
 * nothing there.
 */
export async function withoutUnmatched(
  name: string,
  selection: FetchSelection,
  objects: ObjectReader,
  state: State,
  { local, signal }: SparseContext,
): Promise<Iterable<string> | undefined> {
  const folder = await mkdtemp(join(await local.ownFolder("tmp"), "sparse-"));
  const blobs = new Set(selection.blobIds);
  const run = (args: readonly string[], input?: Uint8Array | AsyncIterable<Uint8Array>) =>
    git([`--git-dir=${folder}`, ...args], { input, foreignRepository: true, signal });
  try {
    await writeSkeleton(folder, state);
    const ids = [...selection.ids];
    const others = ids.filter((id) => !blobs.has(id));
    await run(["index-pack", "--stdin"], packStream(objects, state, others, signal));
    const patternsId = await resolve(name, run);
    const patterns = patternsId === undefined ? undefined : await objects.read(patternsId, { signal });
    if (patterns?.type !== "blob") return undefined;
    await run(["hash-object", "-w", "--stdin"], patterns.data);
    const args = ["rev-list", "--objects", "--no-object-names", "--no-walk=unsorted", "--missing=print", "--stdin"];
    const commits = Buffer.from([...selection.commitIds].map((id) => `${id}\n`).join(""));
    const output = await run([...args, `--filter=sparse:oid=${patternsId}`], commits);
    // The blobs are not there, and are marked as missing.
    const matched = new Set(output.toString("latin1").replaceAll("?", "").split("\n"));
    return ids.filter((id) => !blobs.has(id) || matched.has(id));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function resolve(name: string, run: (args: readonly string[]) => Promise<Buffer>): Promise<string | undefined> {
  if (/^[0-9a-f]{40,64}$/.test(name)) return name;
  try {
    const output = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", name]);
    return /[0-9a-f]{40,64}/.exec(output.toString("latin1"))?.[0];
  } catch (error) {
    if (error instanceof GitFailure) return undefined;
    throw error;
  }
}
