import { measureEveryday } from "../peers/everyday.ts";
import { startFarStore } from "../peers/far-store.ts";
import { smallRepository } from "../peers/folders.ts";
import { farPeers } from "../peers/peer.ts";
import type { Suite } from "../suite.ts";

export const peers: Suite = {
  question: "How long does everyday work take in a bucket far away, beside others that keep repositories there?",
  async run(workspace) {
    const source = smallRepository(workspace);
    const store = await startFarStore();
    try {
      return await measureEveryday(workspace, await farPeers(workspace, store), source, store);
    } finally {
      await store.stop();
    }
  },
};
