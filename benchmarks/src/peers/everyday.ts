import { rmSync } from "node:fs";
import type { Command } from "../measure.ts";
import type { Row } from "../suite.ts";
import type { Workspace } from "../workspace.ts";
import { comparisonRow, Measured } from "./comparison.ts";
import type { FarStore } from "./far-store.ts";
import { PeerFolders } from "./folders.ts";
import type { Peer } from "./peer.ts";
import { limitMs, type Ran, start } from "./running.ts";

const rounds = 3;
const crowdRounds = 1;
const branchCount = 50;
const crowdSize = 32;

/** Everyday work of all peers, in turn. */
export async function measureEveryday(
  workspace: Workspace,
  list: readonly Peer[],
  source: string,
  store: FarStore | undefined,
): Promise<Row[]> {
  const all: PeerFolders[] = [];
  for (const peer of list) all.push(await PeerFolders.make(workspace, peer, "app", source));
  const [push, fetch, refs, clone, branches, crowd] = Array.from({ length: 6 }, () =>
    all.map(({ peer }) => new Measured(peer.name)),
  ) as [Measured[], Measured[], Measured[], Measured[], Measured[], Measured[]];
  const take = async (measured: Measured, commands: readonly Command[], isCounted: boolean) => {
    store?.takeCount();
    const startMs = performance.now();
    const ran = await Promise.all(commands.map((command) => start(command, limitMs).ran));
    const timeMs = performance.now() - startMs;
    const isAtLeast = ran.some(({ wasEnded }) => wasEnded);
    const failed = ran.filter(({ failure }) => failure !== undefined);
    if (failed.length > 0) fail(measured, failed, commands.length);
    else if (isCounted) measured.add(timeMs, { requests: store?.takeCount(), isAtLeast });
  };
  const target = workspace.path("clone");
  for (let round = 0; round <= rounds; round++) {
    for (const [index, one] of all.entries()) {
      // One round before the counted ones warms the caches.
      const isCounted = round > 0;
      one.commit();
      await take(push[index] as Measured, [one.git(one.writer, "push", "-q", "origin", "main")], isCounted);
      await take(fetch[index] as Measured, [one.git(one.reader, "fetch", "-q", "origin")], isCounted);
      await take(refs[index] as Measured, [one.git(one.reader, "ls-remote", "-q", "origin")], isCounted);
      await take(clone[index] as Measured, [one.clone(target)], isCounted);
      rmSync(target, { recursive: true, force: true });
    }
  }
  for (let round = 0; round < crowdRounds; round++) {
    for (const [index, one] of all.entries()) {
      const name = `many-${round}`;
      one.branch(name, branchCount);
      const refspec = `refs/heads/${name}-*:refs/heads/${name}-*`;
      await take(branches[index] as Measured, [one.git(one.writer, "push", "-q", "origin", refspec)], true);
    }
    for (const [index, one] of all.entries()) {
      const commands = one.writers(`crowd-${round}`, crowdSize);
      await take(crowd[index] as Measured, commands, true);
      one.removeWriters(commands);
    }
  }
  const isFar = store !== undefined;
  const row = (what: string, measured: Measured[], bar: number | string) =>
    comparisonRow(what, measured, isFar ? bar : "–");
  return [
    row("push of one commit", push, 3),
    row("fetch of one commit", fetch, 2.5),
    row("`ls-remote`", refs, 2),
    row("clone", clone, "–"),
    row(`push of ${branchCount} branches`, branches, 50),
    row(`${crowdSize} pushes at once, until the last is done`, crowd, "–"),
  ];
}

/** This project must not fail; what the others cannot do is said in the table. */
function fail(measured: Measured, failed: readonly Ran[], count: number): void {
  if (measured.name === "Trunks") throw new Error(failed[0]?.failure);
  measured.fail(count === 1 ? "failed" : `${failed.length} of ${count} failed`);
}
