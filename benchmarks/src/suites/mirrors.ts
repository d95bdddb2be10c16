import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { type Command, measureInTurn, run, type Times } from "../measure.ts";
import { farStores, type LoopbackStores, loopbackStores, type ThreeStores } from "../mirrored-stores.ts";
import { writeNoise } from "../noise.ts";
import { installCommandLine } from "../packed-packages.ts";
import type { Row, Suite } from "../suite.ts";
import { measureVendors } from "../vendors-at-once.ts";
import type { Workspace } from "../workspace.ts";

const bar = 1.5;
const smallRounds = 9;
const largeRounds = 3;
/** In bytes; `TRUNKS_BENCH_SCALE=0.1` makes it a tenth, for a quick look. */
const largeSize = Math.round(256 * 2 ** 20 * Number(process.env.TRUNKS_BENCH_SCALE ?? 1));
const largeSizeText = `${Math.round(largeSize / 2 ** 20)} MiB`;
const onLoopback = "S3, Postgres, SFTP on loopback";

export const mirrors: Suite = {
  question:
    "How long does a push to a primary and two strict mirrors take, beside a push to the slowest of the three alone?",
  async run(workspace) {
    // The servers' files lie where everything else does, and may belong to somebody else.
    chmodSync(workspace.folder, 0o755);
    process.env.TMPDIR = workspace.folder;
    const trunks = installCommandLine(workspace, ["backend-s3", "backend-postgres", "backend-sftp"]);
    const far = await farStores(workspace.path("far"));
    const rows = measure(workspace, trunks, "far stores", far);
    const loopback = await loopbackStores();
    try {
      rows.push(...measure(workspace, trunks, onLoopback, loopback));
      return [...rows, await floor(workspace, loopback)];
    } finally {
      await loopback.stop();
    }
  },
};

/** What the machine itself allows: no push of ours, but the vendors' clients and the same servers. */
async function floor(workspace: Workspace, stores: LoopbackStores): Promise<Row> {
  const file = workspace.path("segment");
  const descriptor = openSync(file, "w");
  writeNoise(descriptor, 1, largeSize);
  closeSync(descriptor);
  const { alone, together } = await measureVendors(workspace, stores, file, largeSize, largeRounds);
  const slowest = Math.max(...Object.values(alone).map(({ median }) => median));
  return {
    what: `${onLoopback}: ${largeSizeText} by the vendors' three clients at once, without us`,
    measured: `${together}`,
    beside: Object.entries(alone)
      .map(([name, times]) => `${name} alone: ${times}`)
      .join("; "),
    figure: (together.median / slowest).toFixed(2),
    bar: "–",
  };
}

type Target = "primary" | "second" | "third" | "mirrored";
const targets: readonly Target[] = ["primary", "second", "third", "mirrored"];

function measure(workspace: Workspace, trunks: string, where: string, stores: ThreeStores): Row[] {
  const environment = { ...workspace.environment, ...stores.environment };
  const repositories = targets.map((target) =>
    prepare(workspace, trunks, `${where.replace(/\W.*/, "")}-${target}`, target, stores),
  );
  const pushes = (before: (folder: string) => void): Command[] =>
    repositories.map((folder) => ({
      program: "git",
      args: ["push", "-q", "origin", "main"],
      cwd: folder,
      environment,
      prepare: () => before(folder),
    }));
  const small = measureInTurn(
    pushes((folder) => workspace.runGit(folder, "commit", "-q", "--allow-empty", "-m", "small")),
    smallRounds,
  );
  const large = measureInTurn(
    pushes((folder) => commitNoise(workspace, folder)),
    largeRounds,
  );
  return [row(`${where}: push of one commit`, small), row(`${where}: push of ${largeSizeText}`, large)];
}

/** A repository with a trunk in the target's store; for `mirrored`, in all three. */
function prepare(
  workspace: Workspace,
  trunks: string,
  name: string,
  target: Target,
  { urls, environment }: ThreeStores,
): string {
  const folder = workspace.path(name);
  mkdirSync(folder);
  const command = (program: string, ...args: string[]) =>
    run({ program, args, cwd: folder, environment: { ...workspace.environment, ...environment } });
  command("git", "init", "-q", "-b", "main");
  // What is measured is the stores, and not git's deflating of noise.
  for (const setting of ["core.compression", "pack.compression", "fastimport.unpackLimit"]) {
    command("git", "config", setting, "0");
  }
  command("git", "commit", "-q", "--allow-empty", "-m", "begin");
  command(process.execPath, trunks, "init", "--url", urls[target === "mirrored" ? "primary" : target]);
  command("git", "push", "-q", "origin", "main");
  if (target === "mirrored") {
    for (const mirror of ["second", "third"] as const) {
      command(process.execPath, trunks, "storage", "add", mirror, "--url", urls[mirror], "--mirror");
    }
  }
  return folder;
}

let seed = 0;

/** A commit with a blob that does not shrink; of a new name, so that git looks for no difference to the one before. */
function commitNoise(workspace: Workspace, folder: string): void {
  const script = workspace.path("import");
  const file = openSync(script, "w");
  const time = `${1_600_000_000 + ++seed} +0000`;
  const commit = `commit refs/heads/main\ncommitter Bench <bench@example.org> ${time}\ndata 5\nlarge\n`;
  writeSync(file, `${commit}from refs/heads/main^0\nM 100644 inline blob-${seed}\ndata ${largeSize}\n`);
  writeNoise(file, seed, largeSize);
  writeSync(file, "\n");
  closeSync(file);
  const input = openSync(script, "r");
  const { status } = spawnSync("git", ["fast-import", "--quiet"], {
    cwd: folder,
    env: workspace.environment,
    stdio: [input, "ignore", "inherit"],
  });
  closeSync(input);
  if (status !== 0) throw new Error("git fast-import failed");
}

function row(what: string, times: readonly Times[]): Row {
  const [mirrored, ...alone] = times.toReversed() as [Times, ...Times[]];
  const slowest = alone.reduce((left, right) => (right.median > left.median ? right : left));
  const figure = (mirrored.median / slowest.median).toFixed(2);
  const beside = alone.toReversed().map((one, index) => `${targets[index]} alone: ${one}`);
  return { what, measured: `${mirrored}`, beside: beside.join("; "), figure, bar: `${bar}` };
}
