import { measureEveryday } from "../peers/everyday.ts";
import { smallRepository } from "../peers/folders.ts";
import { nearPeers } from "../peers/peer.ts";
import type { Suite } from "../suite.ts";

export const peersNear: Suite = {
  question: "How long does everyday work take in a folder, beside stock git by its own ways?",
  async run(workspace) {
    const source = smallRepository(workspace);
    const near = await nearPeers(workspace);
    try {
      return await measureEveryday(workspace, near.peers, source, undefined);
    } finally {
      await near.stop();
    }
  },
};
