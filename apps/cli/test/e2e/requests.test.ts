import {
  type ProxiedRequest,
  ServerUnavailableError,
  startAzurite,
  startFakeGcs,
  startPostgres,
  startPostgresWire,
  startProxy,
  startSeaweed,
  startTappedSftp,
  startVersity,
} from "@trunks/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { sftpUrl } from "../support/stores.ts";

/** A real server with a way to it on which every request is seen. */
interface WatchedStore {
  /** Of a trunk. */
  readonly url: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What was asked for since the last question, as operations of a backend, sorted. */
  takeOperations(): readonly string[];
  readonly connections: number;
  stop(): Promise<void>;
}

type Start = () => Promise<WatchedStore>;

async function watchHttp(
  server: { readonly environment: Readonly<Record<string, string>>; stop(): Promise<void> },
  origin: string,
  url: (endpoint: string) => string,
  operation: (request: ProxiedRequest) => string | undefined,
): Promise<WatchedStore> {
  const proxy = await startProxy(origin);
  return {
    url: url(proxy.endpoint),
    environment: server.environment,
    takeOperations() {
      const operations = proxy.requests.map(operation).filter((name) => name !== undefined);
      proxy.use(() => ({ do: "pass" }));
      return operations.sort();
    },
    get connections() {
      return proxy.connections;
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

function watchS3(start: typeof startVersity): Start {
  return async () => {
    const server = await start();
    const { bucket, region } = server;
    return await watchHttp(
      server,
      server.endpoint,
      (endpoint) => `trunks::s3://${bucket}/app?endpoint=${endpoint}&region=${region}`,
      ({ method, query }) => (method === "PUT" ? "create" : query.has("list-type") ? "list" : "get"),
    );
  };
}

async function watchGcs(): Promise<WatchedStore> {
  const server = await startFakeGcs();
  return await watchHttp(
    server,
    server.endpoint,
    (endpoint) => `trunks::gcs://${server.bucket}/app?endpoint=${endpoint}`,
    ({ method, query }) => {
      // The emulator's words for an absent object fit an absent bucket too, so that a process asks once. Google's do not.
      if (query.get("fields") === "kind") return undefined;
      return method === "POST" ? "create" : query.has("prefix") ? "list" : "get";
    },
  );
}

async function watchAzure(): Promise<WatchedStore> {
  const server = await startAzurite();
  const { account, container } = server;
  return await watchHttp(
    server,
    new URL(server.endpoint).origin,
    (endpoint) => `trunks::azure://${account}/${container}/app?endpoint=${endpoint}/${account}`,
    ({ method, query }) => (method === "PUT" ? "create" : query.get("comp") === "list" ? "list" : "get"),
  );
}

async function watchPostgres(): Promise<WatchedStore> {
  const server = await startPostgres();
  const wire = await startPostgresWire(server);
  const { host, port, user, database } = wire.address;
  const operations = { COPY: "get", INSERT: "create", "SELECT key": "list" } as const;
  return {
    url: `trunks::postgres://${user}@${host}:${port}/${database}/app?sslmode=disable`,
    environment: { PGPASSWORD: server.password },
    takeOperations() {
      const taken = wire.statements.map((statement) => {
        const begin = Object.keys(operations).find((text) => statement.startsWith(text));
        return operations[begin as keyof typeof operations] ?? statement;
      });
      wire.use(() => "pass");
      return taken.sort();
    },
    get connections() {
      return wire.connections;
    },
    async stop() {
      await wire.stop();
      await server.stop();
    },
  };
}

/** A sandbox's own folder, by a backend that keeps a list of what it was asked for. */
function watchFolder(sandbox: FaultySandbox): WatchedStore {
  return {
    url: sandbox.faultyUrl(),
    takeOperations() {
      const operations = sandbox.requests().map(({ operation }) => operation);
      sandbox.plan();
      return operations.sort();
    },
    connections: 0,
    stop: async () => {},
  };
}

/** What each of some pushes and fetches asks of a store, by stock git, and how many connections it opens. */
async function session(sandbox: FaultySandbox, name: string, store: WatchedStore) {
  const { url, environment } = store;
  const measured: Record<string, { operations: readonly string[]; connections: number }> = {};
  const git = (folder: string, ...args: string[]) => sandbox.git(args, { folder, environment });
  const measure = async (what: string, folder: string, ...args: string[]) => {
    store.takeOperations();
    const before = store.connections;
    await git(folder, ...args);
    const operations = store.takeOperations();
    measured[what] = { operations, connections: store.connections - before };
  };
  const [work, reader] = [`${name}-work`, `${name}-reader`];
  await makeRepository(sandbox, work);
  await git(work, "remote", "add", "origin", url);
  await git(work, "push", "-q", "origin", "main");
  await git("", "clone", "-q", url, reader);
  await commit(sandbox, work, "second");
  await measure("small push", work, "push", "-q", "origin", "main");
  await measure("fetch, one push behind", reader, "fetch", "-q");
  await measure("fetch of nothing", reader, "fetch", "-q");
  await measure("cold ls-remote", "", "ls-remote", "-q", url);
  await measure("clone", "", "clone", "-q", url, `${name}-clone`);
  return measured;
}

let sandbox: FaultySandbox;
let expected: Awaited<ReturnType<typeof session>>;
beforeAll(async () => {
  sandbox = new FaultySandbox();
  expected = await session(sandbox, "folder", watchFolder(sandbox));
});
afterAll(() => sandbox.remove());

test("a push and a fetch ask a store for no more than they must", () => {
  const counts = Object.entries(expected).map(([what, { operations }]) => [what, operations]);
  expect(Object.fromEntries(counts)).toEqual({
    "small push": ["create", "get", "get"],
    "fetch, one push behind": ["get", "get"],
    "fetch of nothing": ["get", "get"],
    "cold ls-remote": ["get", "get", "get", "list"],
    clone: ["get", "get", "get", "list"],
  });
});

describe.each<[string, Start]>([
  ["versity", watchS3(startVersity)],
  ["seaweed", watchS3(startSeaweed)],
  ["fake-gcs", watchGcs],
  ["azurite", watchAzure],
  ["postgres", watchPostgres],
])("%s", (name, start) => {
  test("each request of a push and of a fetch is one on the wire", async ({ skip }) => {
    const store = await start().catch((error: unknown) => {
      if (!(error instanceof ServerUnavailableError)) throw error;
      return skip(error.message);
    });
    try {
      const measured = await session(sandbox, name, store);
      for (const [what, { operations }] of Object.entries(expected)) {
        expect([what, measured[what]?.operations]).toEqual([what, operations]);
      }
      // Connections to a database are dear.
      if (name === "postgres") {
        const connections = Object.values(measured).map(({ connections }) => connections);
        expect(connections).toEqual(connections.map(() => 1));
      }
    } finally {
      await store.stop();
    }
  });
});

test("openssh: a small push is at most twelve round trips after the log-in, and everything is one connection", async ({
  skip,
}) => {
  const server = await startTappedSftp().catch((error: unknown) => {
    if (!(error instanceof ServerUnavailableError)) throw error;
    return skip(error.message);
  });
  let connections = 0;
  const store: WatchedStore = {
    url: sftpUrl(server, "app"),
    takeOperations() {
      const requests = server.takeRequests();
      connections += requests.filter((name) => name === "init").length;
      return requests.toSorted();
    },
    get connections() {
      return connections;
    },
    stop: server.stop,
  };
  try {
    const measured = await session(sandbox, "openssh", store);
    const { operations } = measured["small push"] as (typeof measured)[string];
    // Two slots are read, and the second is filled: written, made durable, linked, made durable in its folder.
    const reading = ["init", "limits", "stat", "open", "fstat", "read", "open"];
    const writing = ["open", "write", "fsync", "hardlink", "open", "fsync", "remove"];
    expect(operations).toEqual([...reading, ...writing].sort());
    expect(Object.values(measured).map(({ connections }) => connections)).toEqual([1, 1, 1, 1, 1]);
    await commit(sandbox, "openssh-work", "third");
    const push = () => sandbox.git(["push", "-q", "origin", "main"], { folder: "openssh-work" });
    expect(await server.countRoundTrips(push)).toBeLessThanOrEqual(12);
  } finally {
    await store.stop();
  }
});
