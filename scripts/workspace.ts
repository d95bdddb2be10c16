import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const repositoryRoot = dirname(import.meta.dirname);

export interface WorkspacePackage {
  /** From the repository's root, with `/`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The packages that `pnpm-workspace.yaml` names, by folder. */
export function workspacePackages(): WorkspacePackage[] {
  const settings = readFileSync(join(repositoryRoot, "pnpm-workspace.yaml"), "utf8");
  const patterns = [...settings.matchAll(/^ {2}- (\S+)$/gm)].map((match) => match[1] as string);
  return globSync(patterns, { cwd: repositoryRoot })
    .filter((folder) => existsSync(join(repositoryRoot, folder, "package.json")))
    .map((folder) => folder.replaceAll("\\", "/"))
    .sort()
    .map((folder) => ({ folder, manifest: readManifest(join(repositoryRoot, folder)) }));
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
