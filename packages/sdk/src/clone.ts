import { TrunksError } from "@trunks/core";
import type { Settings, SettingsFile } from "@trunks/location";
import { isOwn, parentFolder, readTextFile, resolvePath } from "./platform.ts";

/** A clone of a trunk: a folder with git's own in it, as `trunks init` or `git clone` has set it up. */
export interface Clone {
  /** What git calls the trunk that is meant; `undefined` when no remote is a trunk. */
  readonly url: string | undefined;
  /** Its storages, if it has some. */
  readonly settings: Settings | undefined;
  /** Where these are kept. */
  readonly settingsFile: SettingsFile | undefined;
}

/** The clone that a folder is in; `undefined` outside of any. Throws `PERMISSION_DENIED` when it is another user's. */
export async function findClone(cwd: string): Promise<Clone | undefined> {
  const commonDir = await findCommonDir(await resolvePath(".", cwd));
  if (commonDir === undefined) return undefined;
  if (!(await isOwn(commonDir))) {
    // Whoever may write there says where a push goes. Git refuses such a repository as well.
    throw new TrunksError("PERMISSION_DENIED", `${commonDir} belongs to another user`, {
      hint: "say `{ url }`, and a `cwd` outside of it",
    });
  }
  const { SettingsFile } = await import("@trunks/location");
  const settingsFile = await SettingsFile.find(commonDir);
  const settings = await settingsFile?.read();
  const config = (await readTextFile(await resolvePath(commonDir, "config"))) ?? "";
  return { url: trunkUrl(remotesOf(config)), settings, settingsFile };
}

/** Git's folder that all worktrees share. */
async function findCommonDir(start: string): Promise<string | undefined> {
  for (let folder: string | undefined = start; folder !== undefined; folder = await parentFolder(folder)) {
    const inside = await resolvePath(folder, ".git");
    const link = /^gitdir: (.*?)\r?\n?$/s.exec((await readTextFile(inside)) ?? "")?.[1];
    const gitDir = link === undefined ? inside : await resolvePath(folder, link);
    for (const candidate of [gitDir, folder]) {
      if ((await readTextFile(await resolvePath(candidate, "HEAD"))) === undefined) continue;
      const common = (await readTextFile(await resolvePath(candidate, "commondir")))?.trim();
      if (common !== undefined) return resolvePath(candidate, common);
      if ((await readTextFile(await resolvePath(candidate, "config"))) !== undefined) return candidate;
    }
  }
  return undefined;
}

/** The URLs of remotes by name. Files that the configuration includes are not read. */
function remotesOf(config: string): Map<string, string> {
  const remotes = new Map<string, string>();
  let remote: string | undefined;
  for (const line of config.split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) {
      remote = /^\s*\[remote "((?:[^"\\]|\\.)*)"\]/i.exec(line)?.[1]?.replace(/\\(.)/g, "$1");
    } else if (remote !== undefined) {
      const value = /^\s*url\s*=\s*(.*)$/i.exec(line)?.[1];
      if (value !== undefined && !remotes.has(remote)) remotes.set(remote, configValue(value));
    }
  }
  return remotes;
}

/** Without quotes, and without a comment behind it. Source: git-config. */
function configValue(text: string): string {
  let value = "";
  let quoted = false;
  for (const [part] of text.trimEnd().matchAll(/\\.|[^\\]/gs)) {
    if (part === '"') quoted = !quoted;
    else if (!quoted && (part === "#" || part === ";")) break;
    else value += part.startsWith("\\") ? part.slice(1) : part;
  }
  return value.trimEnd();
}

/** As the command line chooses: `origin`, `trunks`, any remote that is a trunk. */
function trunkUrl(remotes: ReadonlyMap<string, string>): string | undefined {
  const isTrunk = (url: string | undefined) => url !== undefined && /^trunks::|^trunks:\/\//.test(url);
  return [remotes.get("origin"), remotes.get("trunks"), ...remotes.values()].find(isTrunk);
}
