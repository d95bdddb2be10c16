import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { run } from "./measure.ts";
import type { Workspace } from "./workspace.ts";

const packages = join(import.meta.dirname, "..", "..", "packages");

/** What `@trunks/sdk` needs to open a folder, and the outside package that it merges texts with. */
const sdkPackages = ["core", "layers", "repo", "location", "backend-local", "sdk"];
const outside = "node-diff3";

/** Puts the SDK into the workspace's folder as a release would bring it. The packages must be built. */
export function installSdk(workspace: Workspace): void {
  const { environment } = workspace;
  const modules = workspace.path("node_modules");
  const tarballs = workspace.path("tarballs");
  for (const name of sdkPackages) {
    const target = join(modules, "@trunks", name);
    mkdirSync(target, { recursive: true });
    const args = ["--silent", "pack", "--pack-destination", tarballs];
    run({ program: "pnpm", args, cwd: join(packages, name), environment });
    const tarball = join(tarballs, readdirSync(tarballs)[0] as string);
    run({ program: "tar", args: ["-xzf", tarball, "-C", target, "--strip-components=1"], cwd: target, environment });
    rmSync(tarball);
  }
  symlinkSync(join(packages, "sdk", "node_modules", outside), join(modules, outside));
}
