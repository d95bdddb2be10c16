import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { Times } from "../measure.ts";
import { pushCrowd, pushToOneBranch } from "../simultaneous-pushes.ts";
import type { Row, Suite } from "../suite.ts";
import { VirtualClock } from "../virtual-clock.ts";
import type { Workspace } from "../workspace.ts";

/** Crowds of one size. */
const rounds = 3;
const minutes = 2;
const processRounds = 3;

export const contention: Suite = {
  question: "What does a push cost when many push at once?",
  async run(workspace) {
    const rows: Row[] = [];
    for (const [count, bar] of [
      [1, "–"],
      [32, "0.4 s"],
      [128, "0.6 s"],
      [1000, "1.2 s"],
    ] as const) {
      rows.push(await simultaneous(count, bar, count === 1000 ? 1 : rounds));
    }
    return [...rows, await minute(), await oneBranch(), await processes(workspace)];
  },
};

async function simultaneous(count: number, bar: string, crowds: number): Promise<Row> {
  const slowest: number[] = [];
  const records: number[] = [];
  for (let seed = 1; seed <= crowds; seed++) {
    const clock = new VirtualClock();
    const crowd = await clock.run(pushCrowd(clock, count, () => 0, chance(seed)));
    slowest.push(Math.max(...crowd.timesMs));
    records.push(crowd.records);
  }
  const times = new Times(slowest);
  const beside = `${Math.min(...records)} to ${Math.max(...records)} records`;
  return { what: `${count} at once, the slowest`, measured: `${times}`, beside, figure: inSeconds(times.median), bar };
}

async function minute(): Promise<Row> {
  const timesMs: number[] = [];
  const records: number[] = [];
  for (let seed = 1; seed <= minutes; seed++) {
    const clock = new VirtualClock();
    const random = chance(seed);
    const crowd = await clock.run(pushCrowd(clock, 1000, () => random() * 60_000, random));
    timesMs.push(...crowd.timesMs);
    records.push(crowd.records);
  }
  const times = new Times(timesMs);
  return {
    what: "1,000 over a minute, each",
    measured: `${times}`,
    beside: `${Math.min(...records)} to ${Math.max(...records)} records`,
    figure: `median ${times.median.toFixed(0)} ms`,
    bar: "150 ms",
  };
}

/** Writers who fetch, merge and push to one branch until they are in, beside the same one after the other. */
async function oneBranch(): Promise<Row> {
  const count = 32;
  const together: number[] = [];
  const serial: number[] = [];
  const refused: number[] = [];
  for (let seed = 1; seed <= rounds; seed++) {
    const clocks = [new VirtualClock(), new VirtualClock()] as const;
    const crowd = await clocks[0].run(pushToOneBranch(clocks[0], count, chance(seed), true));
    together.push(crowd.timeMs);
    refused.push(crowd.refused);
    serial.push((await clocks[1].run(pushToOneBranch(clocks[1], count, chance(seed), false))).timeMs);
  }
  const [all, each] = [new Times(together), new Times(serial)];
  return {
    what: `${count} at once to one branch, each fetching, merging and pushing until it is in`,
    measured: `${all}; each commit in once, ${new Times(refused).median} pushes refused`,
    beside: `one after the other: ${each}`,
    figure: `${(all.median / each.median).toFixed(2)} times`,
    bar: "4 times",
  };
}

/** As many real `git push` at once, to one trunk and to as many trunks, on a local folder. */
async function processes(workspace: Workspace): Promise<Row> {
  const count = 32;
  const store = workspace.path("contended");
  mkdirSync(store);
  const clones = Array.from({ length: count }, (_, index) => workspace.path(`contender-${index}`));
  for (const clone of clones) {
    workspace.runGit(workspace.folder, "init", "-q", "-b", "main", clone);
    workspace.runGit(clone, "commit", "-q", "--allow-empty", "-m", "begin");
  }
  const oneUrl = () => `trunks::local://${store}/one`;
  const ownUrl = (index: number) => `trunks::local://${store}/own-${index}`;
  workspace.runGit(clones[0] as string, "push", "-q", oneUrl(), "HEAD:refs/heads/main");
  const one: number[] = [];
  const own: number[] = [];
  for (let round = 0; round <= processRounds; round++) {
    for (const [url, timesMs] of [
      [oneUrl, one],
      [ownUrl, own],
    ] as const) {
      for (const clone of clones) workspace.runGit(clone, "commit", "-q", "--allow-empty", "-m", `round ${round}`);
      const timeMs = await pushAll(workspace, clones, url);
      if (round > 0) timesMs.push(timeMs);
    }
  }
  const [together, apart] = [new Times(one), new Times(own)];
  return {
    what: `${count} \`git push\` at once on a local folder, until the last is done`,
    measured: `${together}`,
    beside: `to trunks of their own: ${apart}`,
    figure: `${inSeconds(together.median - apart.median)} more`,
    bar: "0.4 s more",
  };
}

/** Pushes each clone to a branch of its own, all at once; answers how long it took until the last one had ended. */
async function pushAll(
  workspace: Workspace,
  clones: readonly string[],
  url: (index: number) => string,
): Promise<number> {
  const startMs = performance.now();
  await Promise.all(
    clones.map(async (cwd, index) => {
      const args = ["push", "-q", url(index), `HEAD:refs/heads/branch-${index}`];
      const child = spawn("git", args, { cwd, env: workspace.environment, stdio: "inherit" });
      const [status] = await once(child, "close");
      if (status !== 0) throw new Error(`git ${args.join(" ")} failed`);
    }),
  );
  return performance.now() - startMs;
}

/** Numbers from 0 up to 1 that come again with their seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function inSeconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(2)} s`;
}
