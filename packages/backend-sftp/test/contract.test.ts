import { rmSync } from "node:fs";
import { join } from "node:path";
import { describeContract } from "@trunks/contract-tests/vitest";
import { makeKey } from "@trunks/test-servers";
import { openSftp } from "../src/index.ts";
import { newFolder, onEachServer, optionsFor } from "./address.ts";

onEachServer((address) => {
  const options = optionsFor(address);
  describeContract("sftp", () => openSftp(options), {
    needs: {
      async openForbidden() {
        const stranger = join(address.folder, "..", `stranger-${process.pid}`);
        rmSync(stranger, { force: true });
        rmSync(`${stranger}.pub`, { force: true });
        await makeKey(stranger);
        return openSftp({ ...options, identityFiles: [stranger] });
      },
      openMissing: () => openSftp({ ...options, path: `${newFolder(address)}/absent` }),
      ownStore: true,
      outsideProcess: true,
    },
  });
});
