import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { run } from "../measure.ts";
import { writeNoise } from "../noise.ts";
import { sourceRepository } from "../source-repository.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const barBytes = 512 * 2 ** 20;

/** Sizes in bytes; `TRUNKS_BENCH_SCALE=0.1` makes everything a tenth, for a quick look. */
const scale = Number(process.env.TRUNKS_BENCH_SCALE ?? 1);
const largeBlobSize = Math.round(2 * 2 ** 30 * scale);
const largeRepositorySize = Math.round(10 * 2 ** 30 * scale);
const refCount = 10_000;

export const memory: Suite = {
  question: "How much memory does the helper need, at the most, for large data?",
  async run(workspace) {
    return [
      ...both(workspace, "one blob of 2 GiB", (folder) => importBlobs(workspace, folder, 1, largeBlobSize)),
      ...both(workspace, "a repository of 10 GiB in blobs of 4 MiB", (folder) =>
        importBlobs(workspace, folder, Math.ceil(largeRepositorySize / 2 ** 22), 2 ** 22),
      ),
      ...both(workspace, "10,000 refs", (folder) => makeRefs(workspace, folder)),
      partialClone(workspace),
    ];
  },
};

/** Push and clone of a repository that `fill` makes; removed before the next one, because they are large. */
function both(workspace: Workspace, what: string, fill: (folder: string) => void): Row[] {
  const [source, store, clone] = [workspace.path("source"), workspace.path("store"), workspace.path("clone")];
  for (const folder of [source, store]) mkdirSync(folder);
  workspace.runGit(source, "init", "-q", "--bare", "-b", "main");
  fill(source);
  const environment = workspace.withMemoryLog();
  const measured = (args: string[]): number => {
    run({ program: "git", args, cwd: source, environment });
    return workspace.takePeakMemory();
  };
  const url = `trunks::local://${store}/app`;
  const rows = [
    row(`push of ${what}`, measured(["push", "-q", "--all", url])),
    row(`clone of ${what}`, measured(["clone", "-q", "--bare", url, clone])),
  ];
  for (const folder of [source, store, clone]) rmSync(folder, { recursive: true });
  return rows;
}

/** Without blobs, of a repository with a long history. */
function partialClone(workspace: Workspace): Row {
  const source = sourceRepository(workspace);
  const [store, clone] = [workspace.path("store"), workspace.path("clone")];
  mkdirSync(store);
  const url = `trunks::local://${store}/app`;
  const args = ["clone", "-q", "--bare", "--filter=blob:none", url, clone];
  run({ program: "git", args: ["push", "-q", url, "master"], cwd: source, environment: workspace.environment });
  run({ program: "git", args, cwd: workspace.folder, environment: workspace.withMemoryLog() });
  const commits = workspace.runGit(clone, "rev-list", "--count", "master").trim();
  const peak = workspace.takePeakMemory();
  for (const folder of [source, store, clone]) rmSync(folder, { recursive: true });
  return row(`clone with --filter=blob:none of ${commits} commits`, peak);
}

/** Blobs that do not shrink, and one commit that holds them. */
function importBlobs(workspace: Workspace, folder: string, count: number, size: number): void {
  const script = workspace.path("import");
  const file = openSync(script, "w");
  for (let number = 1; number <= count; number++) {
    writeSync(file, `blob\nmark :${number}\ndata ${size}\n`);
    writeNoise(file, number, size);
    writeSync(file, "\n");
  }
  writeSync(file, "commit refs/heads/main\ncommitter Bench <bench@example.org> 1600000000 +0000\ndata 5\nlarge\n");
  for (let number = 1; number <= count; number++) writeSync(file, `M 100644 :${number} blob-${number}\n`);
  closeSync(file);
  const input = openSync(script, "r");
  const { status } = spawnSync(
    "git",
    ["-c", "core.compression=0", "-c", "pack.compression=0", "fast-import", "--quiet"],
    {
      cwd: folder,
      env: workspace.environment,
      stdio: [input, "ignore", "inherit"],
    },
  );
  closeSync(input);
  rmSync(script);
  if (status !== 0) throw new Error("git fast-import failed");
}

function makeRefs(workspace: Workspace, folder: string): void {
  importBlobs(workspace, folder, 1, 1024);
  const id = workspace.runGit(folder, "rev-parse", "main").trim();
  const input = Array.from({ length: refCount }, (_, number) => `create refs/heads/topic/${number} ${id}\n`).join("");
  const { status } = spawnSync("git", ["update-ref", "--stdin"], { cwd: folder, env: workspace.environment, input });
  if (status !== 0) throw new Error("git update-ref failed");
}

function row(what: string, bytes: number): Row {
  const mebibytes = (size: number) => `${Math.round(size / 2 ** 20)} MiB`;
  return { what, measured: mebibytes(bytes), beside: "–", figure: mebibytes(bytes), bar: mebibytes(barBytes) };
}
