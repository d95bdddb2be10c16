import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  asAdministrator,
  type ProxiedRequest,
  startByteWire,
  startFakeGcs,
  startOpenssh,
  startPostgres,
  startPostgresWire,
  startProxy,
  startSeaweed,
  startVersity,
  type TestServer,
} from "@trunks/test-servers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { ifAvailable } from "../support/if-available.ts";
import { said } from "../support/messages.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { s3Environment, s3Url, sftpUrl } from "../support/stores.ts";

/** Servers that are new have to be installed once. */
const timeoutMs = 15 * 60_000;
/** On every Linux. */
const nobodyId = 65_534;

/** A store, and a way to it on which something is done when it is in the middle of a large upload. */
interface Upload {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Once, when some of a large body is there and some is not. */
  interrupt(what: () => Promise<void>): void;
  stop(): Promise<void>;
}

type Start = () => Promise<{ readonly server: TestServer; readonly upload: Upload }>;

/** `isMiddle`: such a request comes when others of the same body were answered. */
async function throughProxy(
  endpoint: string,
  isMiddle: (request: ProxiedRequest) => boolean,
): Promise<{ readonly endpoint: string } & Pick<Upload, "interrupt" | "stop">> {
  const proxy = await startProxy(endpoint);
  return {
    endpoint: proxy.endpoint,
    interrupt(what) {
      let done = false;
      proxy.use(async (request) => {
        if (done || !isMiddle(request)) return { do: "pass" };
        done = true;
        await what();
        return { do: "reset-before" };
      });
    },
    stop: () => proxy.stop(),
  };
}

function s3(start: typeof startVersity): Start {
  return async () => {
    const server = await start();
    const proxy = await throughProxy(server.endpoint, ({ query }) => query.get("partNumber") === "2");
    const url = s3Url(server, proxy.endpoint, "app");
    return { server, upload: { ...proxy, url, environment: s3Environment(server) } };
  };
}

async function gcs() {
  const server = await startFakeGcs();
  const proxy = await throughProxy(server.endpoint, ({ method, query }) => method === "PUT" && query.has("upload_id"));
  const url = `trunks::gcs://${server.bucket}/app?endpoint=${proxy.endpoint}`;
  return { server, upload: { ...proxy, url, environment: {} } };
}

async function postgres() {
  const server = await startPostgres();
  const wire = await startPostgresWire(server);
  const { host, port, user, database, password } = wire.address;
  const upload: Upload = {
    url: `trunks::postgres://${user}@${host}:${port}/${database}/app?sslmode=disable`,
    environment: { PGPASSWORD: password },
    interrupt(what) {
      let chunks = 0;
      wire.use((statement) => {
        if (!statement.includes("_chunks") || ++chunks !== 5) return "pass";
        void what();
        return "cut-before";
      });
    },
    stop: () => wire.stop(),
  };
  return { server, upload };
}

async function sftp() {
  const server = await startOpenssh();
  const wire = await startByteWire(server.port);
  const upload: Upload = {
    url: sftpUrl(server, "app", wire.port),
    environment: {},
    interrupt: (what) => wire.interrupt(8 * 2 ** 20, what),
    stop: () => wire.stop(),
  };
  return { server, upload };
}

let sandbox: FaultySandbox;
beforeEach(() => {
  sandbox = new FaultySandbox();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await sandbox.remove();
});

/** A repository whose newest commit takes several requests in every store. */
function largeCommit(): Promise<string> {
  const name = `large-${randomBytes(4).toString("hex")}`;
  return commit(sandbox, "work", name, { [name]: randomBytes(20 * 2 ** 20) });
}

// Azurite is not among them: it loses what it has acknowledged when it is killed.
describe.each<[string, Start]>([
  ["versity", s3(startVersity)],
  ["seaweed", s3(startSeaweed)],
  ["fake-gcs", gcs],
  ["postgres", postgres],
  ["openssh", sftp],
])("%s", (_, start) => {
  test(
    "killed in the middle of an upload and started again: the push goes through, once, and nothing is lost",
    async ({ skip }) => {
      const started = await ifAvailable(start);
      if (typeof started === "string") return skip(started);
      const { server, upload } = started;
      const { url, environment } = upload;
      try {
        await makeRepository(sandbox, "work");
        expect(await ending(sandbox, ["push", "-q", url, "main"], { folder: "work", environment })).toMatchObject({
          status: 0,
        });
        const id = await largeCommit();
        const restarted = Promise.withResolvers<void>();
        upload.interrupt(async () => {
          await server.kill();
          await server.restart().then(restarted.resolve, restarted.reject);
        });
        const push = await ending(sandbox, ["push", "-q", url, "main"], { folder: "work", environment });
        await restarted.promise;
        expect(push).toEqual({ status: 0, messages: "" });
        await sandbox.git(["clone", "-q", url, "clone"], { environment });
        expect(await sandbox.git(["rev-parse", "HEAD"], { folder: "clone" })).toBe(id);
        await sandbox.git(["fsck", "--full", "--strict"], { folder: "clone" });
      } finally {
        await upload.stop();
        await server.stop();
      }
    },
    timeoutMs,
  );
});

/** Puts everything on the small disk. */
function allOn(start: Start): (folder: string) => ReturnType<Start> {
  return async (folder) => {
    vi.stubEnv("TMPDIR", folder);
    return await start();
  };
}

/** Puts the tables there: a log without room would end the server. */
async function postgresOn(folder: string): ReturnType<Start> {
  const started = await postgres();
  const space = join(folder, "space");
  mkdirSync(space);
  // The server runs as somebody else where it would be root.
  if (process.getuid?.() === 0) chownSync(space, nobodyId, nobodyId);
  await asAdministrator(started.server, `CREATE TABLESPACE small LOCATION '${space}'`);
  await asAdministrator(started.server, "ALTER ROLE postgres SET default_tablespace = small");
  return started;
}

// Of the emulators of Google's and Azure's stores a full disk makes an error without a name, which those never answer with.
describe.each<[string, (folder: string) => ReturnType<Start>]>([
  ["versity", allOn(s3(startVersity))],
  ["openssh", allOn(sftp)],
  ["postgres", postgresOn],
])("%s on a small disk", (_, start) => {
  test(
    "a push that finds no room says so, and what was there stays",
    async ({ skip }) => {
      const disk = mountSmallDisk(sandbox, "disk", 32 * 2 ** 20);
      if ("reason" in disk) return skip(disk.reason);
      chmodSync(sandbox.path, 0o755);
      try {
        const started = await ifAvailable(() => start(join(sandbox.path, "disk")));
        if (typeof started === "string") return skip(started);
        const { server, upload } = started;
        const { url, environment } = upload;
        const push = () => ending(sandbox, ["push", "-q", url, "main"], { folder: "work", environment });
        try {
          const id = await makeRepository(sandbox, "work");
          expect(await push()).toEqual({ status: 0, messages: "" });
          await largeCommit();
          await largeCommit();
          expect(await push()).toEqual({
            status: 1,
            messages: said(/[Nn]o space (is )?left/, /(make room|what is left)/),
          });
          expect(await sandbox.git(["ls-remote", url, "refs/heads/main"], { environment })).toContain(id);
        } finally {
          await upload.stop();
          await server.stop();
        }
      } finally {
        disk.unmount();
      }
    },
    timeoutMs,
  );
});
