import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { measureInTurn, run, type Times } from "../measure.ts";
import { writeNoise } from "../noise.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const mebibyte = 2 ** 20;
const memoryBarBytes = 512 * mebibyte;
const uploadBarBytes = 4 * mebibyte;

/** In bytes; `TRUNKS_BENCH_SCALE=0.1` makes it a tenth, for a quick look. */
const fileSize = Math.round(2 * 2 ** 30 * Number(process.env.TRUNKS_BENCH_SCALE ?? 1));
const changedSize = mebibyte;

export const large: Suite = {
  question:
    "What does a file of 2 GiB cost that is kept in chunks, and a version of it that differs by 1 MiB in the middle?",
  async run(workspace) {
    const [source, store, clone] = [workspace.path("source"), workspace.path("store"), workspace.path("clone")];
    for (const folder of [source, store]) mkdirSync(folder);
    workspace.runGit(source, "init", "-q", "--bare", "-b", "main");
    workspace.runGit(source, "config", "trunks.chunkThreshold", "8m");
    workspace.runGit(source, "config", "trunks.background", "false");
    const url = `trunks::local://${store}/app`;
    const environment = workspace.withMemoryLog();
    const measured = (cwd: string, ...args: string[]) => {
      const before = sizeOf(store);
      run({ program: "git", args, cwd, environment });
      return { uploaded: sizeOf(store) - before, memory: workspace.takePeakMemory() };
    };
    commit(workspace, source, 1);
    const first = measured(source, "push", "-q", url, "main");
    const clean = () => rmSync(clone, { recursive: true, force: true });
    const [own, stock] = measureInTurn(
      [
        workspace.git(workspace.folder, ["clone", "-q", "--bare", url, clone], clean),
        workspace.git(workspace.folder, ["clone", "-q", "--bare", `file://${source}`, clone], clean),
      ],
      1,
    ) as [Times, Times];
    clean();
    const cloned = measured(workspace.folder, "clone", "-q", "--bare", url, clone);
    clean();
    commit(workspace, source, 2);
    const second = measured(source, "push", "-q", url, "main");
    return [
      {
        what: "bytes uploaded for the changed version",
        measured: mebibytes(second.uploaded),
        beside: `${mebibytes(first.uploaded)} for the first`,
        figure: mebibytes(second.uploaded),
        bar: mebibytes(uploadBarBytes),
      },
      memoryRow("memory, first push", first.memory),
      memoryRow("memory, push of the changed version", second.memory),
      memoryRow("memory, clone", cloned.memory),
      {
        what: "clone, beside stock git by `file://`",
        measured: own.toString(),
        beside: stock.toString(),
        figure: (own.median / stock.median).toFixed(2),
        bar: "1",
      },
    ];
  },
};

/** One commit more of one file, whose middle is of its own. */
function commit(workspace: Workspace, folder: string, middle: number): void {
  const path = workspace.path("import");
  const script = openSync(path, "w");
  const from = middle === 1 ? "" : "from refs/heads/main^0\n";
  writeSync(
    script,
    `commit refs/heads/main\ncommitter Bench <bench@example.org> 1600000000 +0000\ndata 5\nlarge\n${from}`,
  );
  writeSync(script, `M 100644 inline large\ndata ${fileSize}\n`);
  const half = (fileSize - changedSize) / 2;
  writeNoise(script, 10, Math.floor(half));
  writeNoise(script, middle, changedSize);
  writeNoise(script, 11, Math.ceil(half));
  writeSync(script, "\n");
  closeSync(script);
  const input = openSync(path, "r");
  const settings = ["-c", "core.compression=0", "-c", "pack.compression=0", "-c", "core.bigFileThreshold=1m"];
  const { status } = spawnSync("git", [...settings, "fast-import", "--quiet"], {
    cwd: folder,
    env: workspace.environment,
    stdio: [input, "ignore", "inherit"],
  });
  closeSync(input);
  rmSync(path);
  if (status !== 0) throw new Error("git fast-import failed");
}

/** All bytes of the files in a folder. */
function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function memoryRow(what: string, bytes: number): Row {
  return { what, measured: mebibytes(bytes), beside: "–", figure: mebibytes(bytes), bar: mebibytes(memoryBarBytes) };
}

function mebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(bytes < 100 * mebibyte ? 1 : 0)} MiB`;
}
