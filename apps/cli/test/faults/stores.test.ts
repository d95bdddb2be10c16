import {
  asAdministrator,
  azureSignature,
  type ProxyAction,
  type ProxyScript,
  ServerUnavailableError,
  startAzurite,
  startFakeGcs,
  startPostgres,
  startProxy,
  type TestProxy,
} from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { said } from "../support/messages.ts";
import { commit, makeRepository } from "../support/repository.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;
const wentWell = { status: 0, messages: "" };
const hour = 3_600_000;

let sandbox: FaultySandbox;
let missing: string | undefined;
let stop: () => Promise<void>;

/** Where the trunk is, with what else a command needs. */
interface Way {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

function git(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return ending(sandbox, args, { folder: "work", environment });
}

/** Every command ends with such a line and such a hint, and leaves nothing. */
async function allSay({ url, environment }: Way, what: RegExp, hint: RegExp): Promise<void> {
  for (const args of [
    ["ls-remote", url],
    ["clone", "-q", url, "../clone"],
    ["push", "-q", url, "main"],
  ]) {
    expect([args[0], await git(args, environment)]).toEqual([args[0], { status: 128, messages: said(what, hint) }]);
  }
  expect(sandbox.exists("clone")).toBe(false);
}

/** A push is refused with such a line and such a hint. */
async function pushSays({ url, environment }: Way, what: RegExp, hint: RegExp): Promise<void> {
  expect(await git(["push", "-q", url, "main"], environment)).toEqual({ status: 1, messages: said(what, hint) });
}

async function fetchWorks({ url, environment }: Way): Promise<void> {
  expect(await git(["fetch", "-q", url, "main"], environment)).toEqual(wentWell);
}

/** In each block: a sandbox, a server, a trunk on it with one push, and a repository that is ahead by a large one. */
function begin<Server extends { stop(): Promise<void> }>(start: () => Promise<Server>, wayTo: (server: Server) => Way) {
  beforeAll(async () => {
    sandbox = new FaultySandbox();
    missing = undefined;
    stop = async () => {};
    try {
      const server = await start();
      stop = () => server.stop();
      await makeRepository(sandbox, "work");
      const { url, environment } = wayTo(server);
      expect(await git(["push", "-q", url, "main"], environment)).toEqual(wentWell);
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      missing = error.message;
      return;
    }
    const noise = crypto.getRandomValues(new Uint8Array(65_536));
    // Large enough for several requests in every store.
    await commit(sandbox, "work", "large", { large: Buffer.concat(Array(320).fill(noise).map(mixed)) });
  }, startTimeoutMs);
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  afterAll(async () => {
    await sandbox.remove();
    await stop();
  });
}

/** The same bytes in another disorder, so that nothing can be packed. */
function mixed(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, place) => byte ^ Math.imul(index + 1, place + 7) ^ (Math.imul(index + 3, place) >> 8));
}

describe("fake-gcs", () => {
  let server: Awaited<ReturnType<typeof startFakeGcs>>;
  let proxy: TestProxy;
  const way = (endpoint = server.endpoint, bucket = server.bucket): Way => ({
    url: `trunks::gcs://${bucket}/app?endpoint=${endpoint}`,
    environment: {},
  });
  begin(
    async () => {
      server = await startFakeGcs();
      return server;
    },
    () => way(),
  );
  beforeAll(async () => {
    if (missing === undefined) proxy = await startProxy(server.endpoint);
  });
  afterAll(() => proxy?.stop());

  /** An answer as Google refuses with: the emulator lets everyone in. */
  function refusal(status: number, reason: string): ProxyAction {
    const body = JSON.stringify({ error: { code: status, message: `no: ${reason}`, errors: [{ reason }] } });
    return { do: "answer", status, headers: { "content-type": "application/json" }, body };
  }
  const isUpload: Fits = ({ method }) => method === "POST" || method === "PUT";
  const isList: Fits = ({ query }) => query.has("prefix");

  test("no such bucket", () =>
    allSay(way(server.endpoint, "no-such-bucket"), /no-such-bucket/, /create the bucket, or check its name/));

  test("credentials that Google refuses", async () => {
    proxy.use(() => refusal(401, "authError"));
    await allSay(way(proxy.endpoint), /401/, /gcloud auth application-default login/);
  });

  test("one who may not list", async () => {
    proxy.use(when(isList, refusal(403, "forbidden")));
    await allSay(way(proxy.endpoint), /403/, /roles\/storage.objectUser/);
  });

  test("one who may only read: fetches work, a push says which role it needs", async () => {
    proxy.use(when(isUpload, refusal(403, "forbidden")));
    await fetchWorks(way(proxy.endpoint));
    await pushSays(way(proxy.endpoint), /403/, /roles\/storage.objectUser/);
  });

  test("a log-in that ends in the middle of a push", async () => {
    proxy.use(when(({ method }) => method === "PUT", refusal(401, "authError")));
    await pushSays(way(proxy.endpoint), /401/, /log in again/);
  });
});

describe("azurite", () => {
  let server: Awaited<ReturnType<typeof startAzurite>>;
  let proxy: TestProxy;
  const way = (environment: Record<string, string> = {}, container = server.container): Way => ({
    url: `trunks::azure://${server.account}/${container}/app?endpoint=${server.endpoint}`,
    environment: { ...server.environment, ...environment },
  });
  /** With a signature in place of the key. */
  function signed(permissions: string, endsAt = new Date(Date.now() + hour)): Way {
    const signature = azureSignature(server, permissions, endsAt);
    const parts = [`AccountName=${server.account}`, `BlobEndpoint=${server.endpoint}`];
    const text = [...parts, `SharedAccessSignature=${signature}`].join(";");
    const url = `trunks::azure://${server.account}/${server.container}/app`;
    return { url, environment: { AZURE_STORAGE_CONNECTION_STRING: text } };
  }
  const behindProxy = (): Way => ({
    ...way(),
    url: `trunks::azure://${server.account}/${server.container}/app?endpoint=${proxy.endpoint}/${server.account}`,
  });
  begin(
    async () => {
      server = await startAzurite();
      return server;
    },
    () => way(),
  );
  beforeAll(async () => {
    if (missing === undefined) proxy = await startProxy(new URL(server.endpoint).origin);
  });
  afterAll(() => proxy?.stop());

  test("no such container", () =>
    allSay(way({}, "no-such-container"), /ContainerNotFound/, /create the container, or check its name/));

  test("a wrong key", () =>
    allSay(
      way({ AZURE_STORAGE_KEY: Buffer.alloc(64, 1).toString("base64") }),
      /AuthenticationFailed|AuthorizationFailure/,
      /(check the key|the credentials need)/,
    ));

  test("a signature that has ended", () =>
    allSay(signed("racwdl", new Date(Date.now() - hour)), /403/, /has not ended/));

  test("one who may not list", () => allSay(signed("racwd"), /403/, /Storage Blob Data Contributor/));

  test("one who may only read: fetches work, a push says which role it needs", async () => {
    await fetchWorks(signed("rl"));
    await pushSays(signed("rl"), /403/, /Storage Blob Data Contributor, or a signature with racwdl/);
  });

  test("a signature that ends in the middle of a push", async () => {
    const headers = { "x-ms-error-code": "AuthenticationFailed" };
    proxy.use(when(({ query }) => query.get("comp") === "block", { do: "answer", status: 403, headers }));
    await pushSays(behindProxy(), /403 AuthenticationFailed/, /when it ends, and this machine's clock/);
  });
});

describe("postgres", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  const way = (changes: { user?: string; password?: string; database?: string; query?: string } = {}): Way => {
    const { user, password, database } = { ...server, ...changes };
    const url = `trunks::postgres://${user}@${server.host}:${server.port}/${database}/app?${changes.query ?? ""}`;
    return { url, environment: { PGPASSWORD: password } };
  };
  begin(
    async () => {
      server = await startPostgres();
      return server;
    },
    () => way(),
  );

  test("a wrong password", () =>
    allSay(way({ password: "wrong" }), /28P01/, /check the user and the password: PGUSER, PGPASSWORD/));

  test("an unknown role", () => allSay(way({ user: "nobody" }), /28P01/, /check the user and the password/));

  test("no such database", () =>
    allSay(way({ database: "nowhere" }), /3D000/, /create the database, or check its name/));

  test("a role without rights, and one that may only read", async () => {
    const password = "secret-of-tests";
    await asAdministrator(server, `CREATE ROLE reader LOGIN PASSWORD '${password}'`);
    const reader = way({ user: "reader", password });
    await allSay(reader, /42501/, /the role needs USAGE on the schema and SELECT/);
    await asAdministrator(server, "GRANT SELECT ON trunks, trunks_chunks, trunks_loose TO reader");
    await fetchWorks(reader);
    await pushSays(reader, /42501/, /SELECT, INSERT, UPDATE and DELETE on the three tables/);
    await asAdministrator(
      server,
      "GRANT INSERT, UPDATE, DELETE ON trunks, trunks_chunks, trunks_loose TO reader",
      "ALTER ROLE reader SET default_transaction_read_only = on",
    );
    await pushSays(reader, /25006/, /this server only reads: connect to the primary/);
  });

  test("no table, for a role that may make none", async () => {
    const password = "secret-of-tests";
    await asAdministrator(
      server,
      "CREATE SCHEMA bare",
      `CREATE ROLE guest LOGIN PASSWORD '${password}'`,
      "GRANT USAGE ON SCHEMA bare TO guest",
    );
    const guest = way({ user: "guest", password, query: "schema=bare" });
    const push = await git(["push", "-q", guest.url, "main"], guest.environment);
    expect(push.messages).toEqual(said(/the table bare.trunks is absent/, /may create tables in the schema/));
  });

  test("no such schema", () => allSay(way({ query: "schema=nowhere" }), /no schema nowhere/, /create the schema/));
});

type Fits = (request: Parameters<ProxyScript>[0]) => boolean;

/** The action for the requests that fit; all others pass. */
function when(fits: Fits, action: ProxyAction): ProxyScript {
  return (request) => (fits(request) ? action : { do: "pass" });
}
