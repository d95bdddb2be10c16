import { join } from "node:path";
import { type SftpServer, startOpenssh } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GitMirrorSandbox } from "../support/git-mirror.ts";
import { ifAvailable } from "../support/if-available.ts";
import { commit } from "../support/repository.ts";
import { trunks } from "../support/trunks.ts";

const wentWell = { status: 0, messages: "" };

let sandbox: GitMirrorSandbox;
let server: SftpServer | string;
beforeAll(async () => {
  sandbox = new GitMirrorSandbox();
  // With a program as its subsystem the server lets in a user who has a shell.
  server = await ifAvailable(() => startOpenssh({ subsystem: "/usr/lib/openssh/sftp-server" }));
}, 15 * 60_000);
afterAll(async () => {
  await sandbox.remove();
  if (typeof server === "object") await server.stop();
});

test("a repository by ssh follows with the user's key, from a machine that knows the primary's URL alone as well", async (context) => {
  if (typeof server === "string") return context.skip(server);
  const { user, host, port, folder, identityFile, knownHostsFile } = server;
  const repository = join(folder, "app.git");
  await sandbox.git(["init", "-q", "--bare", repository]);
  const url = `ssh://${user}@${host}:${port}${repository}`;
  const ssh = `ssh -F none -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o UserKnownHostsFile=${knownHostsFile}`;
  const environment = { GIT_SSH_COMMAND: `${ssh} -i ${identityFile}` };
  const stranger = { GIT_SSH_COMMAND: `${ssh} -i ${knownHostsFile}` };
  await sandbox.begin({});
  const add = ["storage", "add", "hub", "--backend", "git", "--url", url, "--mirror"];
  expect(await trunks(sandbox, add, { folder: "work", environment })).toMatchObject({ status: 0 });
  await commit(sandbox, "work", "second");
  expect(await sandbox.push({ environment })).toEqual(wentWell);
  await sandbox.git(["clone", "-q", sandbox.placeUrl("primary"), "fresh"]);
  await commit(sandbox, "fresh", "from elsewhere");
  const before = sandbox.content("primary");
  const { status, messages } = await sandbox.push({ folder: "fresh", environment: stranger });
  expect([status !== 0, messages]).toEqual([
    true,
    expect.stringMatching(/^fatal: the mirror hub .*Permission denied.*\nhint: .*ssh's keys/s),
  ]);
  expect(sandbox.content("primary")).toEqual(before);
  expect(await sandbox.push({ folder: "fresh", environment })).toEqual(wentWell);
  expect(await sandbox.refsOf(`file://${repository}`)).toEqual(await sandbox.trunkRefs());
});
