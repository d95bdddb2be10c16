import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { type Command, measureInTurn, run, Times } from "../measure.ts";
import { installSdk } from "../packed-packages.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 9;
/** Of what takes milliseconds. */
const shortRounds = 45;
const manyFiles = 100_000;
const fewFiles = 10_000;
const changed = "folder-7/file-707.txt";
const sources = join(import.meta.dirname, "..");

export const checkpoints: Suite = {
  question: "What do a checkpoint, a branch and a rollback take, where one file of many has changed?",
  async run(workspace) {
    installSdk(workspace);
    const program = readFileSync(join(sources, "checkpoint-work.ts"), "utf8");
    writeFileSync(workspace.path("checkpoint-work.mjs"), stripTypeScriptTypes(program));
    const many = makeRepository(workspace, "many", manyFiles);
    const few = makeRepository(workspace, "few", fewFiles);
    return [
      ...heldRows(workspace, few, fewFiles),
      ...heldRows(workspace, many, manyFiles),
      ...commandRows(workspace, many),
    ];
  },
};

/** A clone with so many small files in one commit, and its trunk beside it. */
function makeRepository(workspace: Workspace, name: string, count: number): string {
  const folder = workspace.path(name);
  for (let number = 0; number < count; number++) {
    const parent = join(folder, `folder-${number % 100}`);
    if (number < 100) mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `file-${number}.txt`), `file ${number}\n`.repeat(1 + (number % 20)));
  }
  const store = workspace.path("store");
  mkdirSync(store, { recursive: true });
  workspace.runGit(folder, "init", "-q", "-b", "main");
  // Else a commit leaves a repack behind it that works on, beside what is measured next.
  for (const [key, value] of Object.entries({
    "gc.auto": "0",
    "maintenance.auto": "false",
    "trunks.background": "false",
  })) {
    workspace.runGit(folder, "config", key, value);
  }
  workspace.runGit(folder, "add", "-A");
  workspace.runGit(folder, "commit", "-q", "-m", "all");
  workspace.runGit(folder, "remote", "add", "origin", `trunks::local://${store}/${name}`);
  workspace.runGit(folder, "push", "-q", "origin", "main");
  return folder;
}

/** From a process of the SDK that holds the state, on a local folder, pushed each time. */
function heldRows({ folder, environment }: Workspace, clone: string, count: number): Row[] {
  const url = `local://${join(folder, "store")}/${clone.slice(clone.lastIndexOf("/") + 1)}`;
  const args = ["checkpoint-work.mjs", url, changed, String(shortRounds)];
  const told = JSON.parse(run({ program: process.execPath, args, cwd: folder, environment }));
  const bars: Record<string, string> =
    count === fewFiles ? { checkpoint: "15 ms", branch: "5 ms", rollback: "30 ms" } : {};
  const row = (name: string, what: string): Row => {
    const times = new Times(told[name]);
    return {
      what: `SDK, ${count.toLocaleString("en")} files: ${what}`,
      measured: `${times}`,
      beside: "–",
      figure: `${times.median.toFixed(1)} ms`,
      bar: bars[name] ?? "–",
    };
  };
  return [
    row("checkpointHere", "checkpoint, not pushed"),
    row("checkpoint", "checkpoint, in the trunk"),
    row("branch", "new branch, in the trunk"),
    row("rollback", "rollback of that one file, in the trunk"),
  ];
}

function commandRows(workspace: Workspace, clone: string): Row[] {
  const { environment } = workspace;
  const built = join(sources, "..", "..", "apps", "cli", "dist", "trunks.js");
  let count = 0;
  const change = () => appendFileSync(join(clone, changed), `${++count}\n`);
  const trunks = (args: readonly string[], prepare?: () => void): Command => ({
    program: process.execPath,
    args: [built, ...args],
    cwd: clone,
    environment,
    prepare,
  });
  const stock = (script: string): Command => ({
    program: "sh",
    args: ["-ec", script],
    cwd: clone,
    environment,
    prepare: change,
  });
  const [made, beside, nothing] = measureInTurn(
    [trunks(["checkpoint", "-m", "one"], change), stock("git add -A; git commit -q -m one"), workspace.nothing()],
    rounds,
  ) as [Times, Times, Times];
  const [back, besideBack] = measureInTurn(
    [
      trunks(["rollback", "--to", "HEAD~1"]),
      stock("git stash -q -u; git restore --source=HEAD~1 --staged --worktree .; git commit -q -m back"),
    ],
    rounds,
  ) as [Times, Times];
  const [branch] = measureInTurn(
    [
      {
        ...trunks([]),
        get args() {
          return [built, "branch", "create", `b-${++count}`, "--from", "main"];
        },
      },
    ],
    rounds,
  ) as [Times];
  const what = `${manyFiles.toLocaleString("en")} files`;
  return [
    ratioRow(`\`trunks checkpoint\`, ${what}, one changed`, made, "`git add -A && git commit`", beside, nothing),
    ratioRow(
      `\`trunks rollback\`, ${what}, one differs`,
      back,
      "`git stash`, `restore`, `commit`",
      besideBack,
      nothing,
    ),
    {
      what: `\`trunks branch create\`, ${what}`,
      measured: `${branch}`,
      beside: `\`node -e 0\`: ${nothing}`,
      figure: `${(branch.median - nothing.median).toFixed(0)} ms more`,
      bar: "–",
    },
  ];
}

function ratioRow(what: string, measured: Times, besideWhat: string, beside: Times, nothing?: Times): Row {
  const start = nothing === undefined ? "" : `; \`node -e 0\`: ${nothing}`;
  return {
    what,
    measured: `${measured}`,
    beside: `${besideWhat}: ${beside}${start}`,
    figure: (measured.median / beside.median).toFixed(2),
    bar: "–",
  };
}
