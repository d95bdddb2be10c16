import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Side } from "./side.ts";

/** All that is compared of a repository, each part as sorted or ordered lines. */
export interface Observation {
  readonly refs: readonly string[];
  readonly head: readonly string[];
  readonly fetchHead: readonly string[];
  readonly shallow: readonly string[];
  /** Everything that refs and FETCH_HEAD reach; what is missing of it begins with a question mark. */
  readonly objects: readonly string[];
  readonly fsck: readonly string[];
  readonly settings: readonly string[];
  readonly status: readonly string[];
  /** What should have been cleaned up. */
  readonly litter: readonly string[];
}

/** Looks at a repository without changing it: at its refs, and closely also at all that they reach and at its settings. */
export async function observe(side: Side, folder: string, closely = false): Promise<Observation | undefined> {
  if (!existsSync(join(side.path, folder))) return undefined;
  const fetchHead = lines(await side.gitFile(folder, "FETCH_HEAD"));
  const fetched = fetchHead.map((line) => line.slice(0, line.indexOf("\t"))).filter(Boolean);
  const [refs, head, objects, fsck, settings, status] = await Promise.all([
    side.lines(folder, "for-each-ref", "--format=%(refname) %(objectname) %(symref)"),
    headOf(side, folder),
    closely ? reached(side, folder, fetched) : [],
    closely ? fsckLines(side, folder) : [],
    closely ? side.lines(folder, "config", "--local", "--list") : [],
    closely ? side.lines(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all") : [],
  ]);
  const shallow = lines(await side.gitFile(folder, "shallow")).sort();
  return {
    refs,
    head,
    fetchHead,
    shallow,
    objects,
    fsck,
    settings: settings.sort(),
    status,
    litter: await litter(side, folder),
  };
}

async function headOf(side: Side, folder: string): Promise<string[]> {
  const [symbolic, id] = await Promise.all([
    side.lines(folder, "symbolic-ref", "-q", "HEAD"),
    side.lines(folder, "rev-parse", "-q", "--verify", "HEAD"),
  ]);
  return [...symbolic, ...id];
}

async function reached(side: Side, folder: string, fetched: readonly string[]): Promise<string[]> {
  const args = ["rev-list", "--objects", "--no-object-names", "--missing=print", "--ignore-missing", "--all"];
  const objects = await side.lines(folder, ...args, ...fetched);
  return objects.sort();
}

/** Complaints about objects; what nothing reaches is left out, and so is progress. */
async function fsckLines(side: Side, folder: string): Promise<string[]> {
  const result = await side.run({ folder, args: ["fsck", "--strict", "--no-dangling", "--no-progress"] });
  return [
    `status ${result.status}`,
    ...side.normal(result.stdout).split("\n"),
    ...side.normal(result.stderr).split("\n"),
  ]
    .filter(Boolean)
    .sort();
}

async function litter(side: Side, folder: string): Promise<string[]> {
  const [packs, own] = await Promise.all([side.gitNames(folder, "objects/pack"), side.gitNames(folder, "trunks/tmp")]);
  const left = packs.filter((name) => /^tmp_|\.keep$|\.lock$/.test(name));
  const lock = (await side.gitFile(folder, "shallow.lock")) === undefined ? [] : ["shallow.lock"];
  return [...left, ...own, ...lock];
}

function lines(text: string | undefined): string[] {
  return (text ?? "").split("\n").filter(Boolean);
}
