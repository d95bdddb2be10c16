import { setTimeout as sleep } from "node:timers/promises";
import { comparisonRow, Measured } from "../peers/comparison.ts";
import { type FarStore, startFarStore } from "../peers/far-store.ts";
import { PeerFolders, smallRepository } from "../peers/folders.ts";
import { farPeers } from "../peers/peer.ts";
import { limitMs, start } from "../peers/running.ts";
import type { Suite } from "../suite.ts";

const branchCount = 1000;
const retryMs = 500;

export const peersSlow: Suite = {
  question:
    "How long does it take to push very many branches to a bucket far away, and to push to a branch whose last writer died on the way?",
  async run(workspace) {
    const source = smallRepository(workspace);
    const store = await startFarStore();
    const branches: Measured[] = [];
    const recovery: Measured[] = [];
    try {
      for (const peer of await farPeers(workspace, store)) {
        const one = await PeerFolders.make(workspace, peer, "app", source);
        recovery.push(await recover(store, one));
        branches.push(await pushBranches(store, one));
      }
    } finally {
      await store.stop();
    }
    return [
      comparisonRow(`push of ${branchCount} branches`, branches, 200),
      comparisonRow("push to a branch whose last writer died", recovery, "no waiting"),
    ];
  },
};

async function pushBranches(store: FarStore, one: PeerFolders): Promise<Measured> {
  const measured = new Measured(one.peer.name);
  one.branch("many", branchCount);
  store.takeCount();
  const push = one.git(one.writer, "push", "-q", "origin", "refs/heads/many-*:refs/heads/many-*");
  const { timeMs, wasEnded, failure } = await start(push, limitMs).ran;
  if (failure === undefined) measured.add(timeMs, { requests: store.takeCount(), isAtLeast: wasEnded });
  else measured.fail("failed");
  return measured;
}

/** From the death of a client that may hold others up to the end of another's push to the same branch. */
async function recover(store: FarStore, one: PeerFolders): Promise<Measured> {
  const measured = new Measured(one.peer.name);
  const [other] = one.writers("after", 1);
  if (other === undefined) throw new Error("no other writer");
  one.commit();
  const silent = store.fallSilentAfter(one.peer.holdsOthersUp);
  const dying = start(one.git(one.writer, "push", "-q", "origin", "main:after-0"));
  await Promise.race([silent, dying.ran]);
  dying.kill();
  await dying.ran;
  store.wake();
  const startMs = performance.now();
  // Whoever got through before it died has moved the branch: it is the lock that is waited for, not a merge.
  const push = { ...other, args: ["push", "-q", "--force", "origin", "after-0"] };
  while ((await start(push, limitMs).ran).failure !== undefined && performance.now() - startMs < limitMs) {
    await sleep(retryMs);
  }
  const timeMs = performance.now() - startMs;
  measured.add(timeMs, { isAtLeast: timeMs >= limitMs });
  return measured;
}
