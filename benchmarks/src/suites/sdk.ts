import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { run, Times } from "../measure.ts";
import { installSdk } from "../packed-packages.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 5;
const fileCount = 10_000;
const memoryBarBytes = 256 * 2 ** 20;

export const sdk: Suite = {
  question: "What does the SDK take, beside stock git on a local clone, and on a model of a far store?",
  async run(workspace) {
    installSdk(workspace);
    const program = readFileSync(join(import.meta.dirname, "..", "sdk-work.ts"), "utf8");
    writeFileSync(workspace.path("sdk-work.mjs"), stripTypeScriptTypes(program));
    const files = workspace.path("files");
    writeFiles(files);
    return [importRow(workspace), ...writeRows(workspace, files), readRow(workspace), ...farRows(workspace)];
  },
};

interface Told {
  readonly timeMs: number;
  readonly peakBytes: number;
  readonly [name: string]: unknown;
}

/** A piece of work in a process of its own; what it told. */
function work({ folder, environment }: Workspace, ...args: string[]): Told {
  return JSON.parse(run({ program: process.execPath, args: ["sdk-work.mjs", ...args], cwd: folder, environment }));
}

/** Files as they are in a repository of sources: 1 to 7 KiB of text that deflates to a third, 100 in a folder. */
function writeFiles(folder: string): void {
  const words = Array.from({ length: 500 }, (_, number) => (number * 7919).toString(36));
  for (let number = 0; number < fileCount; number++) {
    const parent = join(folder, `folder-${Math.floor(number / 100)}`);
    if (number % 100 === 0) mkdirSync(parent, { recursive: true });
    const size = 1024 + ((number * 37) % 6144);
    let text = "";
    for (let state = number; text.length < size; ) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      text += words[state % 500] + (state % 11 === 0 ? "\n" : " ");
    }
    writeFileSync(join(parent, `file-${number}.txt`), text.slice(0, size));
  }
}

function timed(action: () => void): number {
  const startMs = performance.now();
  action();
  return performance.now() - startMs;
}

function importRow({ folder, environment }: Workspace): Row {
  const node = (script: string) =>
    timed(() => {
      const args = ["--input-type=module", "-e", script];
      run({ program: process.execPath, args, cwd: folder, environment });
    });
  const [imports, starts]: [number[], number[]] = [[], []];
  for (let round = 0; round <= 3 * rounds; round++) {
    const [imported, started] = [node('await import("@trunks/sdk")'), node("0")];
    if (round === 0) continue;
    imports.push(imported);
    starts.push(started);
  }
  const [measured, beside] = [new Times(imports), new Times(starts)];
  return {
    what: "start of Node and `import` of the SDK",
    measured: `${measured}`,
    beside: `\`node -e 0\`: ${beside}`,
    figure: `${(measured.median - beside.median).toFixed(0)} ms more`,
    bar: "25 ms",
  };
}

function writeRows(workspace: Workspace, files: string): Row[] {
  const [store, copy] = [workspace.path("store"), workspace.path("copy")];
  const [measured, beside]: [number[], number[]] = [[], []];
  let peakBytes = 0;
  for (let round = 0; round <= rounds; round++) {
    rmSync(store, { recursive: true, force: true });
    mkdirSync(store);
    const told = work(workspace, "write", `local://${store}/app`, files);
    peakBytes = Math.max(peakBytes, told.peakBytes);
    rmSync(copy, { recursive: true, force: true });
    run({ program: "cp", args: ["-r", files, copy], cwd: workspace.folder, environment: workspace.environment });
    workspace.runGit(copy, "init", "-q", "-b", "main");
    // Else the commit leaves a repack behind it that works on, beside what is measured next.
    workspace.runGit(copy, "config", "gc.auto", "0");
    const gitMs = timed(() => {
      workspace.runGit(copy, "add", "-A");
      workspace.runGit(copy, "commit", "-q", "-m", "all");
    });
    if (round === 0) continue;
    measured.push(told.timeMs);
    beside.push(gitMs);
  }
  const what = "write of 10,000 files and one commit, pushed";
  const memory = `${Math.round(peakBytes / 2 ** 20)} MiB`;
  return [
    ratioRow(what, new Times(measured), "`git add -A && git commit`, not pushed", new Times(beside), 1.5),
    {
      what: `${what}: memory`,
      measured: memory,
      beside: "–",
      figure: memory,
      bar: `${memoryBarBytes / 2 ** 20} MiB`,
    },
  ];
}

/** Of the trunk that the last write has left. */
function readRow(workspace: Workspace): Row {
  const url = `local://${workspace.path("store")}/app`;
  const clone = workspace.path("clone");
  workspace.runGit(workspace.folder, "clone", "-q", "--bare", `trunks::${url}`, clone);
  const ids = workspace.runGit(clone, "ls-tree", "-r", "--format=%(objectname)", "HEAD");
  writeFileSync(workspace.path("ids"), ids);
  const [measured, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const told = work(workspace, "read", url);
    if (told.count !== fileCount) throw new Error(`${told.count} files were read`);
    const args = ["-c", `git cat-file --batch < ${workspace.path("ids")} > /dev/null`];
    const { environment } = workspace;
    const gitMs = timed(() => run({ program: "sh", args, cwd: clone, environment }));
    if (round === 0) continue;
    measured.push(told.timeMs);
    beside.push(gitMs);
  }
  const [own, git] = [new Times(measured), new Times(beside)];
  return ratioRow("open, and read of 10,000 files", own, "`git cat-file --batch`, ids given", git, 1.5);
}

function farRows(workspace: Workspace): Row[] {
  const url = `local://${workspace.path("store")}`;
  const [opens, pushes]: [number[], number[]] = [[], []];
  let [openTrips, pushTrips] = [0, 0];
  for (let round = 0; round <= rounds; round++) {
    const told = work(workspace, "far", url, "folder-7/file-777.txt") as Told & Record<string, number>;
    if (round === 0) continue;
    opens.push(told.openMs as number);
    pushes.push(told.pushMs as number);
    openTrips = Math.max(openTrips, told.openTrips as number);
    pushTrips = Math.max(pushTrips, told.pushTrips as number);
  }
  const row = (what: string, trips: number, times: Times, bar: string): Row => ({
    what,
    measured: `${times}`,
    beside: "–",
    figure: `${trips} round trips, ${times.median.toFixed(0)} ms`,
    bar,
  });
  return [
    row("far store: open, and read of one file of those 10,000", openTrips, new Times(opens), "3 round trips, 120 ms"),
    row("far store: commit and push of one small file", pushTrips, new Times(pushes), "2 round trips, 120 ms"),
  ];
}

function ratioRow(what: string, measured: Times, besideWhat: string, beside: Times, bar: number): Row {
  return {
    what,
    measured: `${measured}`,
    beside: `${besideWhat}: ${beside}`,
    figure: (measured.median / beside.median).toFixed(2),
    bar: `${bar}`,
  };
}
