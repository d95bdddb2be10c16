import { readFileSync } from "node:fs";
import { openSftp } from "@trunks/backend-sftp";
import { type SftpAddress, startOpenssh } from "@trunks/test-servers";
import SftpClient from "ssh2-sftp-client";
import type { SegmentStore } from "./segment-store.ts";

/** The best of 16, 64 and 128 here; the library's default is 64. */
const concurrency = 64;

export const sftp: SegmentStore<SftpAddress & Record<string, unknown>> = {
  server: "OpenSSH",
  client: "ssh2-sftp-client: fastPut, fastGet",
  start: async () => ({ ...(await startOpenssh()) }),
  async openBackend({ host, port, user, folder, identityFile, knownHostsFile }) {
    const [identityFiles, knownHostsFiles] = [[identityFile], [knownHostsFile]];
    return await openSftp({ host, port, user, path: folder, identityFiles, knownHostsFiles });
  },
  async openVendor({ host, port, user: username, folder, identityFile }) {
    const client = new SftpClient();
    await client.connect({ host, port, username, privateKey: readFileSync(identityFile) });
    return {
      upload: async (key, file) => void (await client.fastPut(file, `${folder}/${key}`, { concurrency })),
      // Reads as fast as it can only into a file, which throws everything away.
      download: async (key) => void (await client.fastGet(`${folder}/${key}`, "/dev/null", { concurrency })),
      close: async () => void (await client.end()),
    };
  },
};
