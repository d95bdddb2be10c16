import { randomUUID } from "node:crypto";
import { appendFile, link, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type RequestOptions, TrunksError } from "@trunks/core";
import { SettingsFile } from "@trunks/location";
import type { FolderRepository } from "./folder.ts";
import { Git } from "./git.ts";
import { type MountRecord, writeMountRecord } from "./mount-record.ts";
import type { Target } from "./target.ts";
import type { TrunkFacts } from "./trunk-facts.ts";

export interface CloneOptions extends RequestOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly progress?: boolean;
  readonly watch: boolean | "push";
}

const stagingPrefix = "new-";

/**
 * Gives a folder a repository: made aside, in `.trunks`, and renamed into place when all of the trunk is in it. Whoever kills
 * this leaves a folder without a repository, and the next attempt begins anew.
 */
export async function newClone(
  folder: string,
  target: Target,
  facts: TrunkFacts,
  options: CloneOptions,
): Promise<MountRecord> {
  const own = join(folder, ".trunks");
  await mkdir(own, { recursive: true, mode: 0o700 });
  for (const name of await readdir(own)) {
    if (name.startsWith(stagingPrefix)) await rm(join(own, name), { recursive: true, force: true }).catch(() => {});
  }
  const staging = join(own, stagingPrefix + randomUUID());
  try {
    await mkdir(staging);
    const git = new Git(staging, options.environment);
    await git.bytes(["init", "--quiet", `--object-format=${facts.objects}`, `--initial-branch=${facts.branch}`]);
    const gitDir = join(staging, ".git");
    await saveSettings(gitDir, staging, target);
    const record = await connect(git, gitDir, target, facts, options);
    // Its pointer in the repository is relative, and right in both places.
    await moveSettings(staging, own, `${target.repository}.trunk`);
    await rename(gitDir, join(folder, ".git"));
    return record;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Makes a repository that is there a clone of the trunk. Its branches, index and files stay as they are. */
export async function adoptRepository(
  folder: string,
  repository: FolderRepository,
  target: Target,
  facts: TrunkFacts,
  options: CloneOptions,
): Promise<MountRecord> {
  const { gitDir, settings } = repository;
  if (settings === undefined) await saveSettings(gitDir, folder, target);
  else if (Object.keys(target.settings.storages).some((name) => !Object.hasOwn(settings.storages, name))) {
    await (await SettingsFile.find(gitDir))?.update(() => target.settings);
  }
  return connect(new Git(folder, options.environment), gitDir, target, facts, options);
}

async function saveSettings(gitDir: string, folder: string, target: Target): Promise<void> {
  await excludeOwn(gitDir);
  await SettingsFile.create(gitDir, folder, target.settings);
}

/** Sets up the remote, brings all that the trunk has, and stands on its branch if the repository has no commit. */
async function connect(
  git: Git,
  gitDir: string,
  target: Target,
  facts: TrunkFacts,
  { signal, progress, watch }: CloneOptions,
): Promise<MountRecord> {
  await excludeOwn(gitDir);
  const remote = target.remote?.name ?? (await addRemote(git, target.remoteUrl));
  await git.bytes(["config", "push.autoSetupRemote", "true"]);
  await git.bytes(["fetch", progress ? "--progress" : "--quiet", remote], { signal, progress, failure: "UNAVAILABLE" });
  const { repository, url } = target;
  const record = { id: randomUUID(), repository, url, trunkId: facts.id, remote, watch };
  const place = facts.born && (await isUntouched(git));
  await writeMountRecord(gitDir, { ...record, state: place ? "placing" : "ready" });
  if (place) await standOnBranch(git, remote, facts.branch);
  return { ...record, state: place ? "placing" : "ready" };
}

/** Whether nothing was ever committed or staged here. */
async function isUntouched(git: Git): Promise<boolean> {
  if (await git.succeeds(["rev-parse", "--quiet", "--verify", "HEAD"])) return false;
  return (await git.items(["ls-files", "-z"])).length === 0;
}

/** Makes HEAD the trunk's branch, at the commit that the trunk has. Files and index are another's work. */
export async function standOnBranch(git: Git, remote: string, branch: string): Promise<void> {
  const [ref, theirs] = [`refs/heads/${branch}`, `refs/remotes/${remote}/${branch}`];
  await git.bytes(["symbolic-ref", `refs/remotes/${remote}/HEAD`, theirs]);
  await git.bytes(["config", `branch.${branch}.remote`, remote]);
  await git.bytes(["config", `branch.${branch}.merge`, ref]);
  await git.bytes(["symbolic-ref", "HEAD", ref]);
  if (!(await git.succeeds(["rev-parse", "--quiet", "--verify", "HEAD"]))) {
    await git.bytes(["update-ref", "-m", "mounted", ref, theirs]);
  }
}

async function addRemote(git: Git, url: string): Promise<string> {
  const names = (await git.text(["remote"])).split("\n");
  const name = ["origin", "trunks"].find((each) => !names.includes(each));
  if (name === undefined) {
    throw new TrunksError("ALREADY_EXISTS", "there are remotes called origin and trunks already", {
      hint: `git remote add NAME ${url}, and mount again`,
    });
  }
  await git.bytes(["remote", "add", name, url]);
  return name;
}

/** Keeps the settings from being added to commits. */
async function excludeOwn(gitDir: string): Promise<void> {
  const path = join(gitDir, "info", "exclude");
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.split("\n").includes("/.trunks/")) return;
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${text === "" || text.endsWith("\n") ? "" : "\n"}/.trunks/\n`);
}

/** Settings without a repository are nobody's: those of a mount that was killed here, or of a clone that is gone. */
async function moveSettings(staging: string, own: string, name: string): Promise<void> {
  const [source, target] = [join(staging, ".trunks", name), join(own, name)];
  try {
    await link(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") await rename(source, target);
    else {
      if (!(await sameSettings(source, target))) await rename(target, join(own, `${basename(name)}.${randomUUID()}`));
      await rename(source, target);
    }
  }
}

async function sameSettings(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([one, other].map((path) => readFile(path, "utf8")));
  const withoutKey = (text = "") => {
    const { key, ...rest } = JSON.parse(text) as { key: unknown };
    return JSON.stringify(rest);
  };
  try {
    return withoutKey(left) === withoutKey(right);
  } catch {
    return false;
  }
}
