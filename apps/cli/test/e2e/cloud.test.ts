import { ServerUnavailableError, startAzurite, startFakeGcs, type TestServer } from "@trunks/test-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit, makeRepository } from "../support/repository.ts";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});

afterEach(() => sandbox.remove());

interface Store {
  readonly server: TestServer;
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function startGoogle(): Promise<Store> {
  const server = await startFakeGcs();
  return { server, url: `trunks::gcs://${server.bucket}/team/app`, environment: server.environment };
}

async function startAzure(): Promise<Store> {
  const server = await startAzurite();
  const { account, container, endpoint, environment } = server;
  return { server, url: `trunks::azure://${account}/${container}/team/app?endpoint=${endpoint}`, environment };
}

test.for([
  ["Google Cloud Storage", startGoogle],
  ["Azure Blob Storage", startAzure],
] as const)("%s: stock git pushes, clones, fetches and is told who came first", async ([, start], { skip }) => {
  const store = await start().catch((error: unknown) => {
    if (!(error instanceof ServerUnavailableError)) throw error;
    return skip(error.message);
  });
  const { server, url, environment } = store;
  try {
    await makeRepository(sandbox, "work");
    await sandbox.git(["remote", "add", "origin", url], { folder: "work" });
    await sandbox.git(["push", "-q", "-u", "origin", "main"], { folder: "work", environment });
    await sandbox.git(["clone", "-q", url, "clone"], { environment });
    // More than one request holds.
    const large = Buffer.alloc(17 * 2 ** 20);
    for (let place = 0; place < large.length; place += 4)
      large.writeUInt32LE(Math.imul(place, 2654435761) >>> 0, place);
    sandbox.write("work/large.bin", large);
    const second = await commit(sandbox, "work", "second", { "other.txt": "other\n" });
    await sandbox.git(["add", "large.bin"], { folder: "work" });
    await sandbox.git(["commit", "-q", "-m", "large"], { folder: "work" });
    await sandbox.git(["push", "-q"], { folder: "work", environment });
    await commit(sandbox, "clone", "late");
    const late = await sandbox.tryGit(["push", "-q"], { folder: "clone", environment });
    expect(late.status).not.toBe(0);
    await sandbox.git(["pull", "-q", "--rebase"], { folder: "clone", environment });
    await sandbox.git(["push", "-q"], { folder: "clone", environment });
    await sandbox.git(["pull", "-q"], { folder: "work", environment });
    const [ours, theirs] = [await sandbox.git(["log", "--format=%H"], { folder: "work" }), second];
    expect(ours).toContain(theirs);
    expect(await sandbox.git(["log", "--format=%H"], { folder: "clone" })).toBe(ours);
    await sandbox.git(["fsck", "--strict"], { folder: "clone" });
  } finally {
    await server.stop();
  }
});
