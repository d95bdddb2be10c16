import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type BackendModule, TrunksError } from "@trunks/core";
import { type FoundPackage, findPackage, importPackage, moduleFolders, readManifest } from "./installed-package.ts";
import { backendPackages, isKnownScheme } from "./scheme.ts";
import type { Environment } from "./storage.ts";

/**
 * Finds the package for a scheme, by its name, or, for a third party's scheme, by what its manifest says: see
 * `declaringPackage`.
 */
export function findBackendPackage(
  scheme: string,
  environment: Environment,
  installations: readonly string[] = [],
): FoundPackage | undefined {
  const folders = moduleFolders(environment, installations);
  for (const name of backendPackages(scheme)) {
    const found = findPackage(name, folders);
    if (found !== undefined) return found;
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

/** Imports the package for a scheme. Throws `CONFIG_INVALID` when it is not installed or is no backend for it. */
export async function loadBackendPackage(
  scheme: string,
  environment: Environment,
  installations: readonly string[] = [],
): Promise<BackendModule> {
  const found = findBackendPackage(scheme, environment, installations);
  if (found === undefined) throw notInstalled(scheme);
  const install = `trunks backend add ${scheme}`;
  const loaded = (await importPackage(found, install)) as Partial<BackendModule>;
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
