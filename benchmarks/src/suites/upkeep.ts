import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LocalBackend } from "@trunks/backend-local";
import { type Backend, listPages } from "@trunks/core";
import { MemoryBackend } from "@trunks/core/memory";
import { scope } from "@trunks/layers";
import { compact, maintenanceDue, Repository, sweep } from "@trunks/repo";
import { measureInTurn, type Times } from "../measure.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

/** Ten a day for a year. */
const pushCount = 3650;
const pushIntervalMs = 2.4 * 3_600_000;
const fileCount = 400;
const cloneRounds = 5;
const ref = "refs/heads/main";

export const upkeep: Suite = {
  question: "What is left of a year of small pushes when their packs are made one behind them, and what did that cost?",
  async run(workspace) {
    const source = history(workspace);
    const store = workspace.path("store");
    mkdirSync(store);
    // In memory first: it is not the disk that is measured. And by a clock of its own, so that what is retired is deleted in time.
    const clock = { nowMs: 1_600_000_000_000 };
    const now = () => clock.nowMs;
    const memory = new MemoryBackend({ now });
    const repository = new Repository(memory, { now });
    const { pushed, written, merges } = await pushAll(workspace, source, repository, clock);
    await copyAll(memory, scope(new LocalBackend({ root: store }), "trunks/year.trunk/"));
    const packs = [...(await repository.readExisting()).packs.values()];
    const left = packs.reduce((sum, { pack }) => sum + pack.size, 0);
    // The same history as one push, of what git makes of it when it takes its time.
    workspace.runGit(source, "repack", "-adfq");
    workspace.runGit(source, "push", "-q", `trunks::local://${store}/fresh`, "main");
    const [year, fresh] = clones(workspace, `local://${store}`);
    const [farYear, farFresh] = clones(workspace, `far://${store}`, "?get-ms=25&write-ms=45&mb-per-second=85");
    const freshState = await new Repository(
      scope(new LocalBackend({ root: store }), "trunks/fresh.trunk/"),
    ).readExisting();
    const freshSize = [...freshState.packs.values()].reduce((sum, { pack }) => sum + pack.size, 0);
    const figure = (value: number) => value.toFixed(2);
    return [
      row("written by compaction, for each byte pushed", size(written), size(pushed), figure(written / pushed), "4"),
      row("bytes of a clone", size(left), size(freshSize), figure(left / freshSize), "1.2"),
      row("clone", `${year}`, `${fresh}`, figure(year.median / fresh.median), "1.2"),
      row("clone, far store", `${farYear}`, `${farFresh}`, figure(farYear.median / farFresh.median), "1.2"),
      row(`packs, after ${pushCount} pushes`, `${packs.length}`, "1", `${merges} merges`, "–"),
    ];
  },
};

function row(what: string, measured: string, beside: string, figure: string, bar: string): Row {
  return { what, measured, beside, figure, bar };
}

/** A line of history, each commit of which changes a few lines of one file. Answers its bare repository. */
function history(workspace: Workspace): string {
  const folder = workspace.path("source.git");
  workspace.runGit(workspace.folder, "init", "-q", "--bare", "-b", "main", folder);
  const lines = Array.from({ length: fileCount }, (_, file) =>
    Array.from({ length: 60 }, (_, line) => `line ${line} of file ${file} ${hash(file * 100 + line)}`),
  );
  const parts: string[] = [];
  for (let number = 1; number <= pushCount; number++) {
    const changed = number === 1 ? lines.map((_, file) => file) : [hash(number) % fileCount];
    for (const file of changed)
      (lines[file] as string[])[hash(number + file) % 60] = `changed by ${number} ${hash(number)}`;
    parts.push(
      `commit ${ref}\ncommitter Bench <bench@example.org> ${1_600_000_000 + 8640 * number} +0000\ndata 7\ncommit\n\n`,
    );
    for (const file of changed) {
      const text = `${(lines[file] as string[]).join("\n")}\n`;
      parts.push(`M 100644 inline src/${file % 20}/${file}.txt\ndata ${text.length}\n${text}\n`);
    }
  }
  const options = { cwd: folder, env: workspace.environment, input: parts.join("") };
  const { status, stderr } = spawnSync("git", ["fast-import", "--quiet"], options);
  if (status !== 0) throw new Error(`git fast-import failed: ${stderr}`);
  return folder;
}

/** Pushes one commit after the other, each as the thin pack that git makes of it, with maintenance behind them as `git push` starts it. */
async function pushAll(workspace: Workspace, source: string, repository: Repository, clock: { nowMs: number }) {
  await repository.create();
  const ids = workspace.runGit(source, "rev-list", "--reverse", "main").trim().split("\n");
  const sums = { pushed: 0, written: 0, merges: 0 };
  const newId = () => randomBytes(16).toString("hex");
  for (const [index, commit] of ids.entries()) {
    clock.nowMs += pushIntervalMs;
    const state = await repository.readExisting();
    const oldId = ids[index - 1];
    const input = `${commit}\n${oldId === undefined ? "" : `^${oldId}\n`}`;
    const args = ["pack-objects", "--revs", "--stdout", "--thin", "--delta-base-offset", "--no-reuse-delta", "-q"];
    const { stdout } = spawnSync("git", args, { cwd: source, env: workspace.environment, input });
    await repository.publish({
      moves: [{ ref, oldId, newId: commit }],
      basis: state.slot,
      assumed: oldId === undefined ? [] : [oldId],
      pack: { kind: "inline", bytes: stdout, objectCount: stdout.readUInt32BE(8) },
    });
    await repository.maintain();
    sums.pushed += stdout.length;
    if (!maintenanceDue(await repository.readExisting())) continue;
    const compaction = await compact(repository, { newId });
    await sweep(repository, { newId });
    sums.written += compaction.writtenSize;
    sums.merges += compaction.segments;
  }
  return sums;
}

async function copyAll(source: Backend, target: Backend): Promise<void> {
  for await (const page of listPages(source, "")) {
    for (const { key } of page) await target.create(key, (await (await source.get(key))?.bytes()) as Uint8Array);
  }
}

function clones(workspace: Workspace, store: string, query = ""): [Times, Times] {
  const target = workspace.path("clone");
  const clean = () => rmSync(target, { recursive: true, force: true });
  const environment = { ...workspace.environment, TRUNKS_BACKEND_PATH: join(import.meta.dirname, "..", "far") };
  const commands = ["year", "fresh"].map((name) => ({
    ...workspace.git(workspace.folder, ["clone", "-q", "--bare", `trunks::${store}/${name}${query}`, target], clean),
    environment,
  }));
  return measureInTurn(commands, cloneRounds) as [Times, Times];
}

function hash(number: number): number {
  return Math.imul(number ^ (number >>> 15), 0x2c1b3c6d) >>> 8;
}

function size(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
