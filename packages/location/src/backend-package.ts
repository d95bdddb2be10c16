import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BackendModule, TrunksError } from "@trunks/core";
import { backendPackages, isKnownScheme } from "./scheme.ts";
import type { Environment } from "./storage.ts";

/** Where `trunks backend add` installs: `$XDG_DATA_HOME/trunks/backends`, by default under `~/.local/share`. */
export function backendsFolder(environment: Environment): string {
  const data = environment.XDG_DATA_HOME;
  const home = environment.HOME || homedir();
  return join(data && isAbsolute(data) ? data : join(home, ".local", "share"), "trunks", "backends");
}

/** A package that opens URLs, found on this machine. */
export interface FoundPackage {
  readonly name: string;
  readonly folder: string;
}

/**
 * Finds the package for a scheme: beside this installation, in the folders of `TRUNKS_BACKEND_PATH` (absolute, each a
 * `node_modules` or a folder that has one), in the managed folder. Never in the current folder or above it: cloning a
 * repository must not run its code.
 *
 * A package is found by its name, or, for a third party's scheme, by what its manifest says: see `declaringPackage`.
 */
export function findBackendPackage(
  scheme: string,
  environment: Environment,
  installations: readonly string[] = [],
): FoundPackage | undefined {
  const folders = moduleFolders(environment, installations);
  for (const name of backendPackages(scheme)) {
    const folder = folders.map((parent) => join(parent, name)).find((path) => existsSync(join(path, "package.json")));
    if (folder !== undefined) return { name, folder };
  }
  return isKnownScheme(scheme) ? undefined : declaringPackage(scheme, folders);
}

/**
 * The package called `trunks-backend-…`, in a scope or not, whose manifest names the scheme: `"trunks": { "schemes":
 * ["redis", "rediss"] }`. So one package can open several schemes, and a company's own can live in its scope.
 */
function declaringPackage(scheme: string, folders: readonly string[]): FoundPackage | undefined {
  for (const parent of folders) {
    for (const name of thirdParties(parent)) {
      const folder = join(parent, name);
      if (readManifest(folder)?.trunks?.schemes?.includes(scheme)) return { name, folder };
    }
  }
  return undefined;
}

function thirdParties(modules: string): string[] {
  const names = namesIn(modules);
  const scoped = names.filter((name) => name.startsWith("@"));
  const all = [...names, ...scoped.flatMap((scope) => namesIn(join(modules, scope)).map((name) => `${scope}/${name}`))];
  return all.filter((name) => /^(@[^/]+\/)?trunks-backend-/.test(name)).sort();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

interface Manifest {
  readonly exports?: unknown;
  readonly main?: string;
  readonly trunks?: { readonly schemes?: readonly string[] };
}

/** `undefined` for what is no package: its neighbours must still be found. */
function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/** Imports the package for a scheme. Throws `CONFIG_INVALID` when it is not installed or is no backend for it. */
export async function loadBackendPackage(
  scheme: string,
  environment: Environment,
  installations: readonly string[] = [],
): Promise<BackendModule> {
  const found = findBackendPackage(scheme, environment, installations);
  if (found === undefined) throw notInstalled(scheme);
  let loaded: Partial<BackendModule>;
  try {
    loaded = (await import(pathToFileURL(join(found.folder, entryFile(found.folder))).href)) as Partial<BackendModule>;
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `${found.name} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
      hint: `install it again: trunks backend add ${scheme}`,
    });
  }
  if (typeof loaded.openBackend !== "function" || !loaded.schemes?.includes(scheme)) {
    throw new TrunksError("CONFIG_INVALID", `${found.name} does not open ${scheme}:// URLs`);
  }
  return loaded as BackendModule;
}

function notInstalled(scheme: string): TrunksError {
  const name = backendPackages(scheme).at(-1);
  return new TrunksError("CONFIG_INVALID", `${scheme}:// needs the package ${name}, which is not installed`, {
    hint: `run \`trunks backend add ${scheme}\`, or \`npm install -g ${name}\``,
  });
}

function moduleFolders(environment: Environment, installations: readonly string[]): string[] {
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
function entryFile(folder: string): string {
  const manifest = readManifest(folder);
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
