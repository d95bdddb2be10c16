import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { TrunksError } from "@trunks/core";
import type { Environment } from "./storage.ts";

/** Where programs keep what belongs to the user: `$XDG_DATA_HOME/trunks`, by default under `~/.local/share`. */
export function dataFolder(environment: Environment): string {
  const data = environment.XDG_DATA_HOME;
  const home = environment.HOME || homedir();
  return join(data && isAbsolute(data) ? data : join(home, ".local", "share"), "trunks");
}

/** Where `trunks backend add` installs. */
export function backendsFolder(environment: Environment): string {
  return join(dataFolder(environment), "backends");
}

/** A package, found on this machine. */
export interface FoundPackage {
  readonly name: string;
  readonly folder: string;
}

/**
 * Imports a package of ours that is installed on its own. It is looked for where backends' packages are. Throws
 * `CONFIG_INVALID`, with the commands that install it, when it is not there. `purpose` begins the message: `trunks mount`.
 * `entry` is what its manifest calls an entry beside the main one: `./watch`.
 */
export async function loadPackage(
  name: string,
  purpose: string,
  environment: Environment,
  installations: readonly string[] = [],
  entry = ".",
): Promise<unknown> {
  const found = findPackage(name, moduleFolders(environment, installations));
  const install = `trunks backend add ${name}`;
  if (found !== undefined) return importPackage(found, install, entry);
  throw new TrunksError("CONFIG_INVALID", `${purpose} needs the package ${name}, which is not installed`, {
    hint: `run \`${install}\`, or \`npm install -g ${name}\``,
  });
}

export function findPackage(name: string, folders: readonly string[]): FoundPackage | undefined {
  const folder = folders.map((parent) => join(parent, name)).find((path) => existsSync(join(path, "package.json")));
  return folder === undefined ? undefined : { name, folder };
}

/** Imports what was found. Throws `CONFIG_INVALID` when it cannot be loaded; `install` is the command that mends it. */
export async function importPackage({ name, folder }: FoundPackage, install: string, entry = "."): Promise<unknown> {
  try {
    return await import(pathToFileURL(join(folder, entryFile(folder, entry))).href);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `${name} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
      hint: `install it again: ${install}`,
    });
  }
}

interface Manifest {
  readonly exports?: unknown;
  readonly main?: string;
  readonly trunks?: { readonly schemes?: readonly string[] };
}

/** `undefined` for what is no package: its neighbours must still be found. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/**
 * Where packages may lie: beside this installation, in the folders of `TRUNKS_BACKEND_PATH` (absolute, each a `node_modules`
 * or a folder that has one), in the managed folder. Never in the current folder or above it: cloning a repository must not
 * run its code.
 */
export function moduleFolders(environment: Environment, installations: readonly string[]): string[] {
  const beside = [import.meta.dirname, ...installations].flatMap(ancestors).map((path) => join(path, "node_modules"));
  const given = (environment.TRUNKS_BACKEND_PATH ?? "").split(delimiter).filter((path) => path !== "");
  for (const path of given) {
    if (!isAbsolute(path)) throw new TrunksError("CONFIG_INVALID", `TRUNKS_BACKEND_PATH: ${path} is not absolute`);
  }
  const managed = join(backendsFolder(environment), "node_modules");
  return [...new Set([...beside, ...given.flatMap((path) => [path, join(path, "node_modules")]), managed])];
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
}

/**
 * The module that `import` of the package would load. Written out, because Node resolves by the conditions of `import`
 * only from the importing module's own place.
 */
function entryFile(folder: string, entry: string): string {
  const manifest = readManifest(folder);
  if (entry !== ".") return entryOf((manifest?.exports as Record<string, unknown> | undefined)?.[entry]) ?? entry;
  return entryOf(manifest?.exports) ?? manifest?.main ?? "index.js";
}

function entryOf(exported: unknown): string | undefined {
  if (typeof exported === "string") return exported;
  if (typeof exported !== "object" || exported === null) return undefined;
  for (const [condition, target] of Object.entries(exported)) {
    if (![".", "import", "node", "module-sync", "default"].includes(condition)) continue;
    const entry = entryOf(target);
    if (entry !== undefined) return entry;
  }
  return undefined;
}
