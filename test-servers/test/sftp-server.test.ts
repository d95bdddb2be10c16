import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";
import { catalog } from "../src/catalog.ts";
import type { SftpAddress } from "../src/index.ts";

const run = promisify(execFile);

/** Runs OpenSSH's own client with commands, and answers what it says. */
async function ask({ host, port, user, identityFile, knownHostsFile }: SftpAddress, ...commands: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "trunks-sftp-client-"));
  try {
    const identity = join(folder, "identity");
    await copyFile(identityFile, identity);
    await chmod(identity, 0o600);
    const settings = [
      "BatchMode=yes",
      "IdentityAgent=none",
      "IdentitiesOnly=yes",
      `UserKnownHostsFile=${knownHostsFile}`,
    ];
    const options = [...settings, `IdentityFile=${identity}`].flatMap((setting) => ["-o", setting]);
    const script = commands.map((command) => `printf '%s\\n' ${JSON.stringify(command)}`).join("; ");
    const client = ["sftp", "-q", "-F", "none", "-b", "-", "-P", String(port), ...options, `${user}@${host}`];
    const { stdout } = await run("sh", ["-c", `{ ${script}; } | "$@"`, "sh", ...client]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const name of ["openssh", "pkg-sftp"] as const) {
  const address = inject("servers")[name];
  describe.skipIf(address === undefined)(name, () => {
    test("takes files from who has the key, and from nobody else", async () => {
      const { folder, identityFile, knownHostsFile } = address as SftpAddress;
      await ask(address as SftpAddress, `put ${knownHostsFile} ${folder}/taken`);
      expect(await ask(address as SftpAddress, `ls ${folder}`)).toContain("taken");
      const stranger = { ...(address as SftpAddress), identityFile: `${identityFile}.pub` };
      await expect(ask(stranger, "pwd")).rejects.toThrow(/Connection closed/);
    });

    test("makes a hard link, and none over a file that is there", async () => {
      const { folder, knownHostsFile } = address as SftpAddress;
      const link = `ln ${folder}/source ${folder}/target`;
      await ask(address as SftpAddress, `put ${knownHostsFile} ${folder}/source`, link);
      await expect(ask(address as SftpAddress, link)).rejects.toThrow();
    });

    test("is gone after a kill with all its connections, and keeps what it has", async () => {
      const server = await catalog[name].start();
      try {
        await ask(server, `put ${server.knownHostsFile} ${server.folder}/kept`);
        const socket = connect(server.port, server.host);
        await once(socket, "data");
        await server.kill();
        await once(socket, "close");
        await expect(ask(server, "pwd")).rejects.toThrow();
        await server.restart();
        expect(await ask(server, `ls ${server.folder}`)).toContain("kept");
      } finally {
        await server.stop();
      }
    });
  });
}
