import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureInTurn, type Times } from "../measure.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const refCount = 100_000;
const rounds = 11;

export const refs: Suite = {
  question: `What do ${refCount.toLocaleString("en")} refs cost, on a local folder, beside stock git by \`file://\`?`,
  async run(workspace) {
    const source = manyRefs(workspace);
    const [store, bare] = [workspace.path("store"), workspace.path("bare.git")];
    mkdirSync(store);
    workspace.runGit(workspace.folder, "clone", "-q", "--mirror", source, bare);
    const trunk = (name: string) => `trunks::local://${store}/${name}`;
    // The snapshot behind so large a push is there before anything is measured.
    const push = ["-c", "trunks.background=false", "push", "-q"];
    workspace.runGit(source, ...push, trunk("many"), "refs/heads/*:refs/heads/*");
    workspace.runGit(source, ...push, trunk("one"), "main");
    return [listing(workspace, trunk("many"), bare), ...pushes(workspace, source, trunk, bare, store)];
  },
};

/** A repository of a few commits and very many branches. */
function manyRefs(workspace: Workspace): string {
  const source = workspace.path("source");
  workspace.runGit(workspace.folder, "init", "-q", "-b", "main", source);
  workspace.runGit(source, "commit", "-q", "--allow-empty", "-m", "first");
  const id = workspace.runGit(source, "rev-parse", "HEAD").trim();
  const names = Array.from({ length: refCount - 1 }, (_, index) => `refs/heads/team-${index % 100}/change-${index}`);
  const lines = [...names, "refs/heads/main"].sort().map((name) => `${id} ${name}\n`);
  writeFileSync(
    join(source, ".git", "packed-refs"),
    `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`,
  );
  return source;
}

/** With nothing known: outside of a repository there is nothing to keep it in. */
function listing(workspace: Workspace, url: string, bare: string): Row {
  const list = (from: string) => workspace.git(workspace.folder, ["ls-remote", "-q", from]);
  const [ours, theirs, nothing] = measureInTurn([list(url), list(`file://${bare}`), workspace.nothing()], rounds) as [
    Times,
    Times,
    Times,
  ];
  return {
    what: "`ls-remote`, nothing known",
    measured: `${ours}`,
    beside: `${theirs}; \`node -e 0\`: ${nothing}`,
    figure: `${(ours.median / (theirs.median + nothing.median)).toFixed(2)} of both`,
    bar: "1.5",
  };
}

/** A commit more on one branch. */
function pushes(
  workspace: Workspace,
  source: string,
  trunk: (name: string) => string,
  bare: string,
  store: string,
): Row[] {
  const push = (url: string) =>
    workspace.git(source, ["push", "-q", url, "HEAD:refs/heads/main"], () => {
      workspace.runGit(source, "commit", "-q", "--allow-empty", "-m", "one more");
    });
  const [many, one, stock] = measureInTurn(
    [push(trunk("many")), push(trunk("one")), push(`file://${bare}`)],
    rounds,
  ) as [Times, Times, Times];
  const folder = (name: string) => join(store, "trunks", `${name}.trunk`);
  const records = ["many", "one"].map((name) => firstSize(join(folder(name), "journal")));
  return [
    {
      what: "push of one commit",
      measured: `${many}`,
      beside: `to a trunk of one ref: ${one}; stock git: ${stock}`,
      figure: `${(many.median - one.median).toFixed(0)} ms more than with one ref`,
      bar: "–",
    },
    {
      what: "the record of that push",
      measured: `${records[0]} bytes`,
      beside: `in a trunk of one ref: ${records[1]} bytes`,
      figure: `${((records[0] as number) / (records[1] as number)).toFixed(2)}`,
      bar: "1",
    },
    {
      what: "a snapshot",
      measured: `${firstSize(join(folder("many"), "refs"))} bytes`,
      beside: "–",
      figure: `${(firstSize(join(folder("many"), "refs")) / refCount).toFixed(0)} bytes a ref`,
      bar: "–",
    },
  ];
}

/** The size of what a folder lists first: the newest of a trunk's records or snapshots. */
function firstSize(folder: string): number {
  const [first] = readdirSync(folder).sort();
  return statSync(join(folder, first as string)).size;
}
