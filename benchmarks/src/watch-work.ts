import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Times } from "./measure.ts";
import type { Row } from "./suite.ts";
import type { Workspace } from "./workspace.ts";

const rounds = 5;
const fileCount = 60_000;

/** What a watched mount is asked. */
export interface WatchLibrary {
  watchStatus(path: string): Promise<{ readonly saved: string | null } | undefined>;
  listMountStates(options: { readonly path: string }): Promise<unknown>;
}

/**
 * How long it takes until a change of a watched mount is journalled: alone, and while another program writes 60,000 files into
 * a folder that is ignored; and the same files where they are not ignored, beside `git add -A`.
 */
export async function measureBursts(workspace: Workspace, folder: string, library: WatchLibrary): Promise<Row[]> {
  const ignored = join(folder, "node_modules");
  const generated = join(folder, "generated");
  writeFileSync(join(folder, ".gitignore"), "node_modules/\n");
  const settle = () => library.listMountStates({ path: folder });
  const [alone, beside, taken, added]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    await settle();
    alone.push(await journalled(folder, library, `alone ${round}`));
    const burst = writeElsewhere(ignored);
    const written = once(burst, "close");
    await once(burst, "message"); // It has begun.
    beside.push(await journalled(folder, library, `beside ${round}`));
    await written;
    rmSync(ignored, { recursive: true });
    await once(writeElsewhere(generated), "close");
    taken.push(await timed(settle));
    added.push(await timed(() => workspace.runGit(folder, "add", "-A")));
    rmSync(generated, { recursive: true });
    workspace.runGit(folder, "rm", "-rq", "--cached", "generated");
  }
  const [first, second, third, fourth] = [alone, beside, taken, added].map((list) => new Times(list));
  return rows(first as Times, second as Times, third as Times, fourth as Times);
}

function rows(alone: Times, beside: Times, taken: Times, added: Times): Row[] {
  return [
    {
      what: "a change is journalled, while 60,000 files are written into an ignored folder",
      measured: `${beside}`,
      beside: `alone: ${alone}`,
      figure: `${(beside.median / 1000).toFixed(2)} s`,
      bar: "2 s",
    },
    {
      what: "60,000 files that are not ignored, written by another program: what is left to do when that ends",
      measured: `${taken}`,
      beside: `\`git add -A\` of them, objects there: ${added}`,
      figure: `${(taken.median / 1000).toFixed(2)} s`,
      bar: "–",
    },
  ];
}

/** Answers how long a change waits until it is in a state that is safe, in milliseconds. */
function journalled(folder: string, library: WatchLibrary, content: string): Promise<number> {
  return timed(async () => {
    const before = (await library.watchStatus(folder))?.saved;
    writeFileSync(join(folder, "watched.txt"), `${content}\n`);
    while ((await library.watchStatus(folder))?.saved === before) await new Promise((next) => setTimeout(next, 5));
  });
}

/** Another process, which says when it has begun. */
function writeElsewhere(folder: string) {
  mkdirSync(folder, { recursive: true });
  const script = `const { mkdirSync, writeFileSync } = require("node:fs");
    for (let number = 0; number < ${fileCount}; number++) {
      const parent = ${JSON.stringify(folder)} + "/" + Math.floor(number / 100);
      if (number % 100 === 0) mkdirSync(parent);
      writeFileSync(parent + "/" + number, "file " + number);
      if (number === 1000) process.send("begun");
    }
    process.disconnect();`;
  return spawn(process.execPath, ["-e", script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

async function timed(action: () => unknown): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}
