import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "./measure.ts";
import type { Workspace } from "./workspace.ts";

const packages = join(import.meta.dirname, "..", "..", "packages");

/** What `@trunks/sdk` needs to open a folder, and the outside package that it merges texts with. */
const sdkPackages = ["core", "layers", "repo", "location", "backend-local", "sdk"];
const outside = "node-diff3";

/** Puts the SDK into the workspace's folder as a release would bring it. The packages must be built. */
export function installSdk(workspace: Workspace): void {
  for (const name of sdkPackages) install(workspace, join(packages, name));
  const modules = workspace.path("node_modules");
  symlinkSync(join(packages, "sdk", "node_modules", outside), join(modules, outside));
}

/** The same with the package that makes mounts. Answers its folder. */
export function installMount(workspace: Workspace): string {
  installSdk(workspace);
  return install(workspace, join(packages, "..", "apps", "mount"));
}

/**
 * The command line and these backends, for git too; without it a backend is loaded from its sources, which takes longer than all that a
 * small push does. Answers the program `trunks`.
 */
export function installCommandLine(workspace: Workspace, backends: readonly string[]): string {
  for (const name of ["core", ...backends]) install(workspace, join(packages, name));
  const modules = workspace.path("node_modules");
  if (backends.includes("backend-postgres")) {
    symlinkSync(join(packages, "backend-postgres", "node_modules", "pg"), join(modules, "pg"));
  }
  const folder = install(workspace, join(packages, "..", "apps", "cli"));
  workspace.useHelper(join(folder, "dist", "git-remote-trunks.js"));
  return join(folder, "dist", "trunks.js");
}

/** Packs a package and unpacks it where it belongs; answers where that is. */
function install(workspace: Workspace, source: string): string {
  const { environment } = workspace;
  const tarballs = workspace.path("tarballs");
  const target = workspace.path("node_modules", "@trunks", basename(source));
  mkdirSync(target, { recursive: true });
  const args = ["--silent", "pack", "--pack-destination", tarballs];
  run({ program: "pnpm", args, cwd: source, environment });
  const tarball = join(tarballs, readdirSync(tarballs)[0] as string);
  run({ program: "tar", args: ["-xzf", tarball, "-C", target, "--strip-components=1"], cwd: target, environment });
  rmSync(tarball);
  return target;
}
