import { appendFile, mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { type Settings, SettingsFile, trunkPrefix } from "@trunks/location";
import { decodeText } from "@trunks/repo";
import { git } from "../helper/git.ts";
import { findSettings } from "../storage/find-settings.ts";

/** The repository that the user stands in. */
export interface WorkingCopy {
  /** Absolute. */
  readonly gitDir: string;
  /** Absolute; shared by all worktrees. */
  readonly commonDir: string;
  /** Where `.trunks` belongs: the top of the main worktree, or the folder of a bare repository. */
  readonly top: string;
  readonly bare: boolean;
}

/** `undefined` outside a repository. */
export async function findWorkingCopy(): Promise<WorkingCopy | undefined> {
  const questions = ["--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--is-inside-work-tree"];
  let answers: string[];
  try {
    answers = await gitLines(["rev-parse", ...questions], { LC_ALL: "C" });
  } catch (error) {
    if (isTrunksError(error) && error.message.includes("not a git repository")) return undefined;
    throw error;
  }
  const [gitDir = "", common = "", bare, inside] = answers;
  const commonDir = resolve(common);
  const isMain = commonDir === gitDir && inside === "true";
  return {
    gitDir,
    commonDir,
    bare: bare === "true",
    top: isMain ? await topOfWorktree() : await mainWorktree(commonDir),
  };
}

export async function requireWorkingCopy(): Promise<WorkingCopy> {
  const copy = await findWorkingCopy();
  if (copy !== undefined) return copy;
  throw new TrunksError("NOT_FOUND", "this is not a git repository", { hint: "run `trunks init` to make one" });
}

/** This clone's settings, or `undefined` before it has some. */
export async function readSettings(copy: WorkingCopy | undefined): Promise<Settings | undefined> {
  return copy === undefined ? undefined : (await findSettings(copy.commonDir))?.read();
}

/** This clone's settings file, written first with `name` as the repository's name if there is none. */
export async function ensureSettings(copy: WorkingCopy, name = defaultName(copy)): Promise<SettingsFile> {
  await excludeSettings(copy);
  const found = await findSettings(copy.commonDir);
  if (found !== undefined) return found;
  trunkPrefix(name);
  try {
    return await SettingsFile.create(copy.commonDir, copy.top, { repository: name, storages: {} });
  } catch (error) {
    // Another process may have been first.
    const theirs = isTrunksError(error, "ALREADY_EXISTS") ? await findSettings(copy.commonDir) : undefined;
    if (theirs === undefined) throw error;
    return theirs;
  }
}

/** What a repository is called when nobody says: its folder's name. */
export function defaultName(copy: WorkingCopy): string {
  return basename(copy.top).replace(/\.git$/, "");
}

/** Lines that git prints. */
export async function gitLines(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const text = decodeText(await git(args, { environment }));
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

async function topOfWorktree(): Promise<string> {
  return (await gitLines(["rev-parse", "--show-toplevel"]))[0] as string;
}

async function mainWorktree(commonDir: string): Promise<string> {
  const [first = ""] = await gitLines(["worktree", "list", "--porcelain"]);
  const path = first.replace(/^worktree /, "");
  return path === "" ? dirname(commonDir) : path;
}

/** Keeps the settings from being added to commits. */
async function excludeSettings(copy: WorkingCopy): Promise<void> {
  if (copy.bare) return;
  const path = join(copy.commonDir, "info", "exclude");
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.split("\n").includes("/.trunks/")) return;
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${text === "" || text.endsWith("\n") ? "" : "\n"}/.trunks/\n`);
}

/** This clone's settings file. Throws `NOT_FOUND` when it has none. */
export async function requireSettings(): Promise<SettingsFile> {
  const file = await findSettings((await requireWorkingCopy()).commonDir);
  if (file !== undefined) return file;
  throw new TrunksError("NOT_FOUND", "this clone has no settings", {
    hint: "run `trunks init` or `trunks storage add`",
  });
}
