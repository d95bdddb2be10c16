import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run, Times } from "../measure.ts";
import { installMount } from "../packed-packages.ts";
import type { Row, Suite } from "../suite.ts";
import { measureBursts } from "../watch-work.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 7;
const fileCount = 100_000;

export const mount: Suite = {
  question:
    "What does a checkpoint of one change take in a watched mount of 100,000 files, beside stock git; and how long does a change wait to be journalled, beside 60,000 that come at once?",
  async run(workspace) {
    const folder = writeFiles(workspace);
    const built = join(installMount(workspace), "dist");
    const library = (file: string) => import(pathToFileURL(join(built, file)).href);
    Object.assign(process.env, workspace.environment);
    const [{ mount: mountFolder, listMountStates, watchStatus }, { checkpointWatched }] = [
      await library("index.js"),
      await library("checkpoint.js"),
    ];
    const made = await mountFolder({ repo: "app", backend: storeUrl(workspace), path: folder, watch: true });
    try {
      // Whoever watches has nothing left to do when something is measured, for it would be in the way of stock git as well.
      const checkpoints = await measure(workspace, folder, checkpointWatched, () => listMountStates({ path: folder }));
      return [...checkpoints, ...(await measureBursts(workspace, folder, { watchStatus, listMountStates }))];
    } finally {
      await made.unmount();
    }
  },
};

type CheckpointWatched = (folder: string, wish: object) => Promise<{ readonly created: boolean } | undefined>;

function storeUrl(workspace: Workspace): string {
  mkdirSync(workspace.path("store"));
  return `local://${workspace.path("store")}`;
}

/** A repository with 100,000 small files in 1000 folders, all committed. */
function writeFiles(workspace: Workspace): string {
  const folder = workspace.path("mounted");
  for (let number = 0; number < fileCount; number++) {
    if (number % 100 === 0) mkdirSync(place(folder, number), { recursive: true });
    writeFileSync(join(place(folder, number), `file-${number}.txt`), `file ${number}\n`);
  }
  workspace.runGit(folder, "init", "-q", "-b", "main");
  workspace.runGit(folder, "config", "gc.auto", "0");
  workspace.runGit(folder, "add", "-A");
  workspace.runGit(folder, "commit", "-q", "-m", "all");
  return folder;
}

function place(folder: string, number: number): string {
  return join(folder, `group-${Math.floor(number / 5000)}`, `folder-${Math.floor(number / 100)}`);
}

/** In turn, each behind a change of its own that nobody has seen yet. */
async function measure(
  workspace: Workspace,
  folder: string,
  checkpoint: CheckpointWatched,
  settle: () => Promise<unknown>,
): Promise<Row[]> {
  const program = join(import.meta.dirname, "..", "..", "..", "apps", "cli", "dist", "trunks.js");
  const [asked, typed, stock, starts]: number[][] = [[], [], [], []];
  for (let round = 0; round <= rounds; round++) {
    const change = async (way: number) => {
      await settle();
      const number = (round * 7919 + way * 104_729) % fileCount;
      appendFileSync(join(place(folder, number), `file-${number}.txt`), `${round}\n`);
    };
    await change(1);
    const own = await timed(async () => {
      if (!(await checkpoint(folder, { message: "own", identity: workspace.environment }))?.created)
        throw new Error("git was left to make it");
    });
    await change(2);
    const command = { program: process.execPath, args: [program, "checkpoint", "-m", "typed"], cwd: folder };
    const cli = await timed(() => run({ ...command, environment: workspace.environment }));
    await change(3);
    const git = await timed(() => {
      workspace.runGit(folder, "add", "-A");
      workspace.runGit(folder, "commit", "-q", "-m", "stock");
    });
    const start = await timed(() => run(workspace.nothing()));
    if (round === 0) continue;
    for (const [list, timeMs] of [
      [asked, own],
      [typed, cli],
      [stock, git],
      [starts, start],
    ] as const)
      list?.push(timeMs);
  }
  const [own, cli, git, start] = [asked, typed, stock, starts].map((list) => new Times(list ?? []));
  return rows(own as Times, cli as Times, git as Times, start as Times);
}

function rows(own: Times, cli: Times, git: Times, start: Times): Row[] {
  const beside = `\`git add -A && git commit\`: ${git}`;
  const ratio = (times: Times) => (times.median / git.median).toFixed(2);
  return [
    { what: "checkpoint, asked of whoever watches", measured: `${own}`, beside, figure: ratio(own), bar: "0.3" },
    {
      what: "checkpoint by `trunks checkpoint`",
      measured: `${cli}`,
      beside: `${beside}; \`node -e 0\`: ${start}`,
      figure: ratio(cli),
      bar: "0.3, and Node's start",
    },
  ];
}

async function timed(action: () => unknown): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}
