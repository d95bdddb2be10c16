import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { LocalBackend } from "@trunks/backend-local";
import type { SegmentStore } from "./segment-store.ts";

const chunkBytes = 2 ** 20;

export const local: SegmentStore<{ readonly root: string }> = {
  server: "a folder",
  client: "Node's streams of files, synced",
  async start(folder) {
    const root = join(folder, "store");
    await mkdir(root);
    return { root, stop: async () => {} };
  },
  openBackend: async ({ root }) => new LocalBackend({ root }),
  async openVendor({ root }) {
    return {
      async upload(key, file) {
        const target = await open(join(root, key), "w");
        for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) await target.write(chunk);
        await target.sync();
        await target.close();
      },
      async download(key) {
        for await (const _ of createReadStream(join(root, key), { highWaterMark: chunkBytes }));
      },
      close: async () => {},
    };
  },
};
