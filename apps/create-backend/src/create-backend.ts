import { cpSync, existsSync, globSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TrunksError } from "@trunks/core";
import { backendPackages } from "@trunks/location";

export interface CreateOptions {
  /** The scheme of the new backend's URLs: `vault` for `vault://…`. */
  readonly name: string;
  /** Where the package goes. Nothing may be there. */
  readonly folder: string;
  /** Of `@trunks/core` and `@trunks/contract-tests`, which the package will ask for. */
  readonly version: string;
}

/** Beside the sources, and beside what is built from them. */
const template = join(import.meta.dirname, "..", "template");

/**
 * Writes the skeleton of a backend: the template, with its own name in place of `mystore`. Throws `CONFIG_INVALID` for a
 * name that cannot be a third party's scheme, and `ALREADY_EXISTS` when something is in the way.
 */
export function createBackend({ name, folder, version }: CreateOptions): void {
  checkName(name);
  if (existsSync(folder)) throw new TrunksError("ALREADY_EXISTS", `${folder} is there already`);
  cpSync(template, folder, { recursive: true, filter: (path) => !/[/\\](node_modules|dist)$/.test(path) });
  // A package in a package is none that tools would let stand.
  renameSync(join(folder, "manifest.json"), join(folder, "package.json"));
  for (const path of globSync("**/*", { cwd: folder }).map((path) => join(folder, path))) {
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replaceAll("mystore", name).replaceAll("MyStore", className(name)).replaceAll('"^0.0.0"', `"^${version}"`),
    );
  }
}

function checkName(name: string): void {
  // Also a part of a package's name and of a class's.
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new TrunksError("CONFIG_INVALID", `${JSON.stringify(name)} cannot be a scheme: use a-z, 0-9 and -`);
  }
  if (!backendPackages(name).includes(`trunks-backend-${name}`)) {
    throw new TrunksError("CONFIG_INVALID", `${name}:// is opened by Trunks itself`);
  }
}

function className(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
