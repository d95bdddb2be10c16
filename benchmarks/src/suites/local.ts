import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measureInTurn, type Times } from "../measure.ts";
import { sourceRepository } from "../source-repository.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const largeRounds = 3;
const smallRounds = 15;

export const local: Suite = {
  question: "How long do operations take on a local folder, beside stock git on a bare repository by `file://`?",
  async run(workspace) {
    const source = sourceRepository(workspace);
    return [...largeOperations(workspace, source), ...smallOperations(workspace, source)];
  },
};

function largeOperations(workspace: Workspace, source: string): Row[] {
  const [store, bare] = [workspace.path("store"), workspace.path("bare.git")];
  const fresh = (path: string, make: () => void) => () => {
    rmSync(path, { recursive: true, force: true });
    make();
  };
  const pushes = measureInTurn(
    [
      workspace.git(
        source,
        ["push", "-q", `trunks::local://${store}/app`, "master"],
        fresh(store, () => {
          mkdirSync(store);
          // The last known state of the trunk that was removed.
          rmSync(join(source, "trunks"), { recursive: true, force: true });
        }),
      ),
      workspace.git(
        source,
        ["push", "-q", bare, "master"],
        fresh(bare, () => workspace.runGit(workspace.folder, "init", "-q", "--bare", "-b", "master", bare)),
      ),
    ],
    largeRounds,
  ) as [Times, Times];
  const target = workspace.path("clone");
  const clean = fresh(target, () => {});
  const trunk = `trunks::local://${store}/app`;
  const clones = measureInTurn(
    [
      workspace.git(workspace.folder, ["clone", "-q", trunk, target], clean),
      workspace.git(workspace.folder, ["-c", "trunks.verify=connectivity", "clone", "-q", trunk, target], clean),
      workspace.git(workspace.folder, ["clone", "-q", `file://${bare}`, target], clean),
      // What of a clone is transfer: checking files out is stock git's own work on both sides.
      workspace.git(workspace.folder, ["clone", "-q", "--no-checkout", trunk, target], clean),
      workspace.git(workspace.folder, ["clone", "-q", "--no-checkout", `file://${bare}`, target], clean),
    ],
    largeRounds,
  ) as [Times, Times, Times, Times, Times];
  return [
    ratioRow("first push", pushes[0], pushes[1], 0.4),
    ratioRow("clone", clones[0], clones[2], 0.1),
    ratioRow("clone, `--no-checkout`", clones[3], clones[4], 0.1),
    ratioRow("clone, `trunks.verify=connectivity`", clones[1], clones[2], 0.25),
  ];
}

/** What one commit costs, against stock git and the start of Node. */
function smallOperations(workspace: Workspace, source: string): Row[] {
  const pair = (kind: "trunk" | "stock"): { url: string; writer: string; reader: string } => {
    const url =
      kind === "trunk" ? `trunks::local://${workspace.path("store")}/app` : `file://${workspace.path("bare.git")}`;
    const [writer, reader] = [workspace.path(`${kind}-writer`), workspace.path(`${kind}-reader`)];
    for (const folder of [writer, reader]) {
      workspace.runGit(workspace.folder, "clone", "-q", "--shared", "-b", "master", source, folder);
      workspace.runGit(folder, "remote", "set-url", "origin", url);
      workspace.runGit(folder, "fetch", "-q", "origin");
    }
    return { url, writer, reader };
  };
  const [trunk, stock] = [pair("trunk"), pair("stock")];
  const commit = (folder: string) => {
    appendFileSync(`${folder}/benchmark.txt`, "one more line\n");
    workspace.runGit(folder, "add", "benchmark.txt");
    workspace.runGit(folder, "commit", "-q", "-m", "one more");
  };
  const push = (side: typeof trunk) =>
    workspace.git(side.writer, ["push", "-q", "origin", "HEAD:master"], () => commit(side.writer));
  const fetch = (side: typeof trunk) =>
    workspace.git(side.reader, ["fetch", "-q", "origin"], () => {
      commit(side.writer);
      workspace.runGit(side.writer, "push", "-q", "origin", "HEAD:master");
    });
  const list = (side: typeof trunk) => workspace.git(side.reader, ["ls-remote", "-q", "origin"]);
  return [
    ["push of one commit", push],
    ["fetch of one commit", fetch],
    ["`ls-remote`", list],
  ].map(([what, make]) => {
    const command = make as typeof push;
    const [ours, theirs, nothing] = measureInTurn(
      [command(trunk), command(stock), workspace.nothing()],
      smallRounds,
    ) as [Times, Times, Times];
    const over = ours.median - theirs.median - nothing.median;
    const beside = `${theirs}; \`node -e 0\`: ${nothing}`;
    return {
      what: what as string,
      measured: `${ours}`,
      beside,
      figure: `${over.toFixed(0)} ms more than both`,
      bar: "60 ms",
    };
  });
}

function ratioRow(what: string, ours: Times, theirs: Times, bar: number): Row {
  return {
    what,
    measured: `${ours}`,
    beside: `${theirs}`,
    figure: (ours.median / theirs.median).toFixed(3),
    bar: `${bar}`,
  };
}
