import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import { type Settings, SettingsFile } from "@trunks/location";
import { Git } from "./git.ts";
import { type MountRecord, readMountRecord } from "./mount-record.ts";
import { type Remote, remotesOf } from "./remote.ts";

/** What stands where a mount shall be. */
export interface Folder {
  /** Absolute. */
  readonly path: string;
  /** Whether it holds anything of the user's. */
  readonly used: boolean;
  readonly repository: FolderRepository | undefined;
}

/** The git repository that a folder is the top of. */
export interface FolderRepository {
  readonly gitDir: string;
  readonly objects: "sha1" | "sha256";
  readonly remotes: readonly Remote[];
  readonly settings: Settings | undefined;
  readonly record: MountRecord | undefined;
}

/** Looks, and changes nothing. Throws for what can be no mount. */
export async function inspectFolder(path: string, environment: NodeJS.ProcessEnv): Promise<Folder> {
  const names = await namesIn(path);
  if (names === undefined) return { path, used: false, repository: undefined };
  const used = names.some((name) => name !== ".trunks");
  if (!names.includes(".git")) {
    if (used) await checkAlone(path, names, environment);
    return { path, used, repository: undefined };
  }
  const gitDir = join(path, ".git");
  if (!(await lstat(gitDir)).isDirectory()) {
    throw new TrunksError("NOT_SUPPORTED", `${path} is a worktree or a submodule of another repository`, {
      hint: "mount another folder",
    });
  }
  return { path, used, repository: await inspectRepository(path, gitDir, environment) };
}

async function inspectRepository(
  path: string,
  gitDir: string,
  environment: NodeJS.ProcessEnv,
): Promise<FolderRepository> {
  const git = new Git(path, environment);
  // Says why when this is no repository, or another user's.
  const objects = await git.text(["--git-dir=.git", "rev-parse", "--show-object-format"], { failure: "NOT_SUPPORTED" });
  return {
    gitDir,
    objects: objects === "sha256" ? "sha256" : "sha1",
    remotes: await remotesOf(git),
    settings: await (await SettingsFile.find(gitDir))?.read(),
    record: await readMountRecord(gitDir),
  };
}

/** A folder with files that are another repository's would have two masters. */
async function checkAlone(path: string, names: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const isBare = ["HEAD", "objects", "refs"].every((name) => names.includes(name));
  const { status, stdout } = await new Git(path, environment).try(["rev-parse", "--show-toplevel"]);
  if (!isBare && status !== 0) return;
  const what = isBare ? "is a bare repository" : `is part of the repository at ${stdout.toString("utf8").trim()}`;
  throw new TrunksError("NOT_SUPPORTED", `${path} ${what}`, { hint: "mount another folder" });
}

/** `undefined` when there is nothing. */
async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR") throw new TrunksError("ALREADY_EXISTS", `${path} is a file`, { cause: error });
    throw new TrunksError("PERMISSION_DENIED", `${path} cannot be read (${code})`, { cause: error });
  }
}
