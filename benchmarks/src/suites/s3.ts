import { rmSync } from "node:fs";
import { join } from "node:path";
import { startVersity } from "@trunks/test-servers";
import { type Command, measureInTurn, run, type Times } from "../measure.ts";
import { installCommandLine } from "../packed-packages.ts";
import { sourceRepository } from "../source-repository.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 3;

export const s3: Suite = {
  question:
    "How close does a clone from S3 on loopback come to reading the same bytes by parallel ranges alone, plus checkout?",
  async run(workspace) {
    installCommandLine(workspace, ["backend-s3"]);
    const server = await startVersity();
    try {
      return await cloneBesideReads(workspace, server);
    } finally {
      await server.stop();
    }
  },
};

interface Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

async function cloneBesideReads(workspace: Workspace, server: Server): Promise<Row[]> {
  Object.assign(workspace.environment, {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
  });
  const url = `trunks::s3://${server.bucket}/bench?endpoint=${server.endpoint}&region=us-east-1`;
  workspace.runGit(sourceRepository(workspace), "push", "-q", url, "master");
  const target = workspace.path("clone");
  const reads: Command = {
    program: process.execPath,
    args: [
      join(import.meta.dirname, "..", "ranged-reads.ts"),
      server.endpoint,
      server.bucket,
      "trunks/bench.trunk/objects/",
    ],
    cwd: workspace.folder,
    environment: workspace.environment,
  };
  const clone = workspace.git(workspace.folder, ["clone", "-q", url, target], () =>
    rmSync(target, { recursive: true, force: true }),
  );
  run({ ...clone, args: ["clone", "-q", url, workspace.path("checked-out")] });
  const checkout = workspace.git(workspace.path("checked-out"), ["read-tree", "-u", "--reset", "HEAD"], () =>
    emptyWorktree(workspace),
  );
  const [cloned, read, checkedOut] = measureInTurn([clone, reads, checkout], rounds) as [Times, Times, Times];
  const figure = ((read.median + checkedOut.median) / cloned.median).toFixed(2);
  return [
    {
      what: "clone",
      measured: `${cloned}`,
      beside: `ranges: ${read}; checkout: ${checkedOut}`,
      figure: `${figure} of that rate`,
      bar: "0.7",
    },
  ];
}

function emptyWorktree(workspace: Workspace): void {
  const folder = workspace.path("checked-out");
  workspace.runGit(folder, "read-tree", "--empty");
  workspace.runGit(folder, "clean", "-qfdx");
}
