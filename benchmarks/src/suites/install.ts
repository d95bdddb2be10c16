import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run, Times } from "../measure.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 15;
const root = join(import.meta.dirname, "..", "..", "..");

/** A URL of each, which is opened and not asked anything. */
const stores = {
  local: "local:///tmp",
  s3: "s3://bucket?region=us-east-1",
  gcs: "gcs://bucket",
  azure: "azure://account/container",
  postgres: "postgres://user@127.0.0.1/database",
  sftp: "sftp://user@127.0.0.1/folder?config=none",
};

export const install: Suite = {
  question:
    "What do the command line and each backend take, installed with all that they need, and how long until they are loaded?",
  async run(workspace) {
    const programs = installPackages(workspace, "cli", ["apps/cli"]);
    const backends = Object.entries(stores).map(([name, url]) => {
      const folder = installPackages(workspace, name, [`packages/backend-${name}`, "packages/core"]);
      writeFileSync(join(folder, "load.mjs"), loading(`@trunks/backend-${name}`, url));
      return { name, folder };
    });
    writeFileSync(workspace.path("nothing.mjs"), telling);
    const cpuTimes = new Map<string, number[]>();
    // In turn, so that a machine whose speed drifts is as kind to each.
    for (let round = 0; round <= rounds; round++) {
      for (const folder of [workspace.folder, ...backends.map((backend) => backend.folder)]) {
        const script = folder === workspace.folder ? "nothing.mjs" : "load.mjs";
        const told = run({
          program: process.execPath,
          args: [script],
          cwd: folder,
          environment: workspace.environment,
        });
        if (round > 0) cpuTimes.set(folder, [...(cpuTimes.get(folder) ?? []), Number(told)]);
      }
    }
    const nothing = new Times(cpuTimes.get(workspace.folder) ?? []);
    return [
      helpRow(workspace, programs),
      sizeRow("`@trunks/cli`: size", programs, "5 MiB"),
      ...backends.flatMap(({ name, folder }) => [
        sizeRow(`\`@trunks/backend-${name}\`: size`, folder, "–"),
        cpuRow(
          `\`@trunks/backend-${name}\`: \`import\` and open`,
          new Times(cpuTimes.get(folder) ?? []),
          "a program that does nothing",
          nothing,
          "–",
        ),
      ]),
    ];
  },
};

/** What a process has worked so far, in milliseconds, its start included. */
const telling = "const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000));\n";

function loading(name: string, url: string): string {
  return `import { openBackend } from "${name}";\nconst backend = await openBackend(new URL("${url}"));\n${telling}await backend.close();\n`;
}

/** Packs packages, and has npm install them in a folder of their own. They must be built. */
function installPackages({ environment, folder: own }: Workspace, name: string, packages: readonly string[]): string {
  const folder = join(own, name);
  const tarballs = join(folder, "tarballs");
  mkdirSync(tarballs, { recursive: true });
  for (const path of packages) {
    run({
      program: "pnpm",
      args: ["--silent", "pack", "--pack-destination", tarballs],
      cwd: join(root, path),
      environment,
    });
  }
  const packed = readdirSync(tarballs).map((file) => join(tarballs, file));
  // Where npm installs from is the machine's matter.
  const npm = { npm_config_userconfig: join(homedir(), ".npmrc"), npm_config_cache: join(homedir(), ".npm") };
  const args = ["install", "--no-audit", "--no-fund", "--prefix", folder, ...packed];
  run({ program: "npm", args, cwd: folder, environment: { ...environment, ...npm } });
  return folder;
}

/** Without the core, which is there already. */
function sizeRow(what: string, folder: string, bar: string): Row {
  const modules = join(folder, "node_modules");
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const counted = paths.filter((path) => !path.startsWith(join(modules, "@trunks", "core")));
  const bytes = counted.reduce((sum, path) => sum + statSync(path).size, 0);
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return { what, measured: `${size} in ${counted.length} files`, beside: "–", figure: size, bar };
}

function helpRow({ folder, environment }: Workspace, installed: string): Row {
  const program = join(installed, "node_modules", ".bin", "trunks");
  const log = join(folder, "cpu.log");
  const atEnd = `import{writeFileSync as w}from"node:fs";process.on("exit",()=>{const{user,system}=process.cpuUsage();w(${JSON.stringify(log)},String((user+system)/1000))})`;
  const env = { ...environment, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(atEnd)}` };
  const cpuMs = (...args: string[]) => {
    run({ program: process.execPath, args, cwd: installed, environment: env });
    return Number(readFileSync(log, "utf8"));
  };
  const [told, nothing]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const [help, start] = [cpuMs(program, "--help"), cpuMs("-e", "0")];
    if (round === 0) continue;
    told.push(help);
    nothing.push(start);
  }
  return cpuRow("`trunks --help`", new Times(told), "`node -e 0`", new Times(nothing), "40 ms");
}

function cpuRow(what: string, measured: Times, name: string, beside: Times, bar: string): Row {
  return {
    what: `${what}, in time of the processor`,
    measured: `${measured}`,
    beside: `${name}: ${beside}`,
    figure: `${(measured.median - beside.median).toFixed(0)} ms more`,
    bar,
  };
}
