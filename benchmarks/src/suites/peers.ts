import { rmSync } from "node:fs";
import type { Command } from "../measure.ts";
import { comparisonRow, Measured } from "../peers/comparison.ts";
import { type FarStore, startFarStore } from "../peers/far-store.ts";
import { PeerFolders, smallRepository } from "../peers/folders.ts";
import { farPeers, nearPeers, type Peer } from "../peers/peer.ts";
import { type Ran, start } from "../peers/running.ts";
import type { Row, Suite } from "../suite.ts";
import type { Workspace } from "../workspace.ts";

const rounds = 5;
const crowdRounds = 2;
const branchCount = 50;
const crowdSize = 32;

export const peers: Suite = {
  question:
    "How long does everyday work take in a bucket far away, beside others that keep repositories there; and in a folder, beside stock git?",
  async run(workspace) {
    const source = smallRepository(workspace);
    const near = await nearPeers(workspace);
    const rows: Row[] = [];
    try {
      rows.push(...(await measure(workspace, "this machine", near.peers, source, undefined)));
    } finally {
      await near.stop();
    }
    const store = await startFarStore();
    try {
      return [...(await measure(workspace, "far S3", await farPeers(workspace, store), source, store)), ...rows];
    } finally {
      await store.stop();
    }
  },
};

async function measure(
  workspace: Workspace,
  where: string,
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
    const ran = await Promise.all(commands.map((command) => start(command).ran));
    const timeMs = performance.now() - startMs;
    const failed = ran.filter(({ failure }) => failure !== undefined);
    if (failed.length > 0) fail(measured, failed, commands.length);
    else if (isCounted) measured.add(timeMs, { requests: store?.takeCount() });
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
  const row = (what: string, measured: Measured[], bar: string) =>
    comparisonRow(`${where}: ${what}`, measured, isFar ? bar : "–");
  return [
    row("push of one commit", push, "3 times"),
    row("fetch of one commit", fetch, "2.5 times"),
    row("`ls-remote`", refs, "2 times"),
    row("clone", clone, "–"),
    row(`push of ${branchCount} branches`, branches, "50 times"),
    row(`${crowdSize} pushes at once, until the last is done`, crowd, "–"),
  ];
}

/** This project must not fail; what the others cannot do is said in the table. */
function fail(measured: Measured, failed: readonly Ran[], count: number): void {
  if (measured.name === "Trunks") throw new Error(failed[0]?.failure);
  measured.fail(count === 1 ? "failed" : `${failed.length} of ${count} failed`);
}
