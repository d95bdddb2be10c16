/**
 * Packs every published package as a release would, and looks for what only a packed package can get wrong: entries
 * that point nowhere, declarations that do not fit, files that are missing or too many, imports that are not declared.
 * Wants the packages built. With `--sizes` it says how large each is.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readManifest, repositoryRoot, type WorkspacePackage, workspacePackages } from "./workspace.ts";

/** How to start a program that does not know `--version`. */
const trials: Readonly<Record<string, { readonly args: readonly string[]; readonly input: string }>> = {
  "git-remote-trunks": { args: ["origin", "memory:///my-app"], input: "capabilities\n\n" },
};

const faults: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "trunks-packed-"));
try {
  const packages = workspacePackages().filter(({ manifest }) => manifest.private !== true);
  for (const { folder: source, manifest } of packages) {
    const tarball = pack(source, manifest.name);
    lint(manifest.name, tarball);
    if (process.argv.includes("--sizes")) {
      process.stdout.write(`${manifest.name}: ${Math.round(statSync(tarball).size / 1024)} KiB packed\n`);
    }
  }
  for (const { manifest } of packages) checkDependencies(manifest.name);
  for (const published of packages) run(published);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

/** Where a package lies as if it had been installed. */
function installed(name: string): string {
  return join(folder, "node_modules", name);
}

/** Packs, and unpacks into a folder of installed packages, where outside dependencies are the workspace's. */
function pack(source: string, name: string): string {
  const target = join(folder, "tarballs", name);
  mkdirSync(target, { recursive: true });
  const cwd = join(repositoryRoot, source);
  execFileSync("pnpm", ["--silent", "pack", "--pack-destination", target], {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const tarball = join(target, readdirSync(target)[0] as string);
  mkdirSync(installed(name), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed(name), "--strip-components=1"]);
  const { dependencies, peerDependencies } = readManifest(installed(name));
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    if (dependency.startsWith("@trunks/")) continue;
    const link = join(installed(name), "node_modules", dependency);
    mkdirSync(dirname(link), { recursive: true });
    const places = [join(repositoryRoot, source), repositoryRoot].map((place) =>
      join(place, "node_modules", dependency),
    );
    symlinkSync(places.find(existsSync) ?? (places[0] as string), link);
  }
  return tarball;
}

function lint(name: string, tarball: string): void {
  tool(`publint on ${name}`, ["publint", "--strict", tarball]);
  const entries = Object.keys(readManifest(installed(name)).exports ?? {});
  // A program has no declarations to judge. CommonJS reaches these packages by require() of an ES module, as Node allows.
  const isLibrary = entries.some((entry) => entry !== "./package.json");
  if (isLibrary) tool(`attw on ${name}`, ["attw", tarball, "--profile", "esm-only", "--format", "ascii"]);
}

function tool(what: string, command: string[]): void {
  const done = spawnSync("pnpm", ["exec", ...command], { cwd: repositoryRoot, encoding: "utf8" });
  if (done.status !== 0) faults.push(`${what}:\n${done.stdout}${done.stderr}`);
}

function checkDependencies(name: string): void {
  const { dependencies = {}, bin } = readManifest(installed(name));
  for (const [dependency, range] of Object.entries(dependencies)) {
    if (range.startsWith("workspace:")) faults.push(`${name}: packed with ${dependency} at ${range}`);
    if (!dependency.startsWith("@trunks/")) continue;
    if (bin !== undefined) faults.push(`${name}: a program brings its own code, yet depends on ${dependency}`);
    if (!existsSync(installed(dependency))) faults.push(`${name}: ${dependency} is not published`);
  }
}

/** Imports every entry and starts every program of a package, among nothing but packed packages. */
function run({ manifest: { name } }: WorkspacePackage): void {
  const { exports = {}, bin = {} } = readManifest(installed(name));
  for (const entry of Object.keys(exports).filter((entry) => !entry.endsWith(".json"))) {
    const script = `await import(${JSON.stringify(name + entry.slice(1))})`;
    start(`import ${name}${entry.slice(1)}`, ["--input-type=module", "-e", script]);
  }
  for (const [program, file] of Object.entries(bin)) {
    const { args, input } = trials[program] ?? { args: ["--version"], input: "" };
    start([program, ...args].join(" "), [join(installed(name), file), ...args], input);
  }
}

function start(what: string, args: string[], input = ""): void {
  const done = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", input });
  if (done.status !== 0) faults.push(`${what}: exit status ${done.status}\n${done.stderr}`);
}
