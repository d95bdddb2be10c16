import { randomBytes } from "node:crypto";
import {
  asAdministrator,
  azureSignature,
  type PostgresWire,
  type ProxyAction,
  type ProxyScript,
  startAzurite,
  startFakeGcs,
  startPostgres,
  startPostgresWire,
  startProxy,
  type TestProxy,
} from "@trunks/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { said } from "../support/messages.ts";
import { StoreTrial, type Way } from "../support/store-trial.ts";

const hour = 3_600_000;
/** For what is tried again until it goes through. */
const patienceMs = 60_000;

describe("fake-gcs", () => {
  let server: Awaited<ReturnType<typeof startFakeGcs>>;
  let proxy: TestProxy;
  const way = (endpoint = server.endpoint, bucket = server.bucket): Way => ({
    url: `trunks::gcs://${bucket}/app?endpoint=${endpoint}`,
    environment: {},
  });
  const trial = StoreTrial.begin(
    async () => {
      server = await startFakeGcs();
      return server;
    },
    () => way(),
  );
  beforeAll(async () => {
    if (trial.missing === undefined) proxy = await startProxy(server.endpoint);
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
    trial.allSay(way(server.endpoint, "no-such-bucket"), /no-such-bucket/, /create the bucket, or check its name/));

  test("credentials that Google refuses", async () => {
    proxy.use(() => refusal(401, "authError"));
    await trial.allSay(way(proxy.endpoint), /401/, /gcloud auth application-default login/);
  });

  test("one who may not list", async () => {
    proxy.use(when(isList, refusal(403, "forbidden")));
    await trial.allSay(way(proxy.endpoint), /403/, /roles\/storage.objectUser/);
  });

  test("one who may only read: fetches work, a push says which role it needs", async () => {
    proxy.use(when(isUpload, refusal(403, "forbidden")));
    await trial.fetchWorks(way(proxy.endpoint));
    await trial.pushSays(way(proxy.endpoint), /403/, /roles\/storage.objectUser/);
  });

  test("a log-in that ends in the middle of a push", async () => {
    proxy.use(when(({ method }) => method === "PUT", refusal(401, "authError")));
    await trial.pushSays(way(proxy.endpoint), /401/, /log in again/);
  });

  test("too many requests: the push waits and goes through", async () => {
    proxy.use(first(3, refusal(429, "rateLimitExceeded")));
    await trial.pushGoesThrough(way(proxy.endpoint), way());
  });

  test("a connection that is reset between effect and answer: the push goes through", async () => {
    proxy.use(first(1, { do: "reset-after" }, isUpload));
    await trial.pushGoesThrough(way(proxy.endpoint), way());
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
  const trial = StoreTrial.begin(
    async () => {
      server = await startAzurite();
      return server;
    },
    () => way(),
  );
  beforeAll(async () => {
    if (trial.missing === undefined) proxy = await startProxy(new URL(server.endpoint).origin);
  });
  afterAll(() => proxy?.stop());

  test("no such container", () =>
    trial.allSay(way({}, "no-such-container"), /ContainerNotFound/, /create the container, or check its name/));

  test("a wrong key", () =>
    trial.allSay(
      way({ AZURE_STORAGE_KEY: Buffer.alloc(64, 1).toString("base64") }),
      /AuthenticationFailed|AuthorizationFailure/,
      /(check the key|the credentials need)/,
    ));

  test("a signature that has ended", () =>
    trial.allSay(signed("racwdl", new Date(Date.now() - hour)), /403/, /has not ended/));

  test("one who may not list", () => trial.allSay(signed("racwd"), /403/, /Storage Blob Data Contributor/));

  test("one who may only read: fetches work, a push says which role it needs", async () => {
    await trial.fetchWorks(signed("rl"));
    await trial.pushSays(signed("rl"), /403/, /Storage Blob Data Contributor, or a signature with racwdl/);
  });

  test("a signature that ends in the middle of a push", async () => {
    const headers = { "x-ms-error-code": "AuthenticationFailed" };
    proxy.use(when(({ query }) => query.get("comp") === "block", { do: "answer", status: 403, headers }));
    await trial.pushSays(behindProxy(), /403 AuthenticationFailed/, /when it ends, and this machine's clock/);
  });

  test("a busy server: the push waits and goes through", async () => {
    proxy.use(first(3, { do: "answer", status: 503, headers: { "x-ms-error-code": "ServerBusy" } }));
    await trial.pushGoesThrough(behindProxy(), way());
  });

  test("a connection that is reset between effect and answer: the push goes through", async () => {
    proxy.use(first(1, { do: "reset-after" }, ({ method, path }) => method === "PUT" && path.includes("/journal/")));
    await trial.pushGoesThrough(behindProxy(), way());
  });
});

describe("postgres", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  const way = (changes: { user?: string; password?: string; database?: string; query?: string } = {}): Way => {
    const { user, password, database } = { ...server, ...changes };
    const url = `trunks::postgres://${user}@${server.host}:${server.port}/${database}/app?${changes.query ?? ""}`;
    return { url, environment: { PGPASSWORD: password } };
  };
  const trial = StoreTrial.begin(
    async () => {
      server = await startPostgres();
      return server;
    },
    () => way(),
  );

  test("a wrong password", () =>
    trial.allSay(way({ password: "wrong" }), /28P01/, /check the user and the password: PGUSER, PGPASSWORD/));

  test("an unknown role", () => trial.allSay(way({ user: "nobody" }), /28P01/, /check the user and the password/));

  test("no such database", () =>
    trial.allSay(way({ database: "nowhere" }), /3D000/, /create the database, or check its name/));

  test("a role without rights, and one that may only read", async () => {
    const password = "secret-of-tests";
    await asAdministrator(server, `CREATE ROLE reader LOGIN PASSWORD '${password}'`);
    const reader = way({ user: "reader", password });
    await trial.allSay(reader, /42501/, /the role needs USAGE on the schema and SELECT/);
    await asAdministrator(server, "GRANT SELECT ON trunks, trunks_chunks, trunks_loose TO reader");
    await trial.fetchWorks(reader);
    await trial.pushSays(reader, /42501/, /SELECT, INSERT, UPDATE and DELETE on the three tables/);
    await asAdministrator(
      server,
      "GRANT INSERT, UPDATE, DELETE ON trunks, trunks_chunks, trunks_loose TO reader",
      "ALTER ROLE reader SET default_transaction_read_only = on",
    );
    await trial.pushSays(reader, /25006/, /this server only reads: connect to the primary/);
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
    const push = await trial.git(["push", "-q", guest.url, "main"], guest.environment);
    expect(push.messages).toEqual(said(/the table bare.trunks is absent/, /may create tables in the schema/));
  });

  /** By a way that can be cut, as a role that only this test has. */
  async function throughWire(
    settings: string,
    work: (limited: Way, wire: PostgresWire, role: string) => Promise<void>,
  ): Promise<void> {
    const wire = await startPostgresWire(server);
    const [role, password] = [`role_${randomBytes(4).toString("hex")}`, "secret-of-tests"];
    await asAdministrator(
      server,
      `CREATE ROLE ${role} LOGIN PASSWORD '${password}' ${settings}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON trunks, trunks_chunks, trunks_loose TO ${role}`,
    );
    const { host, port, database } = wire.address;
    const url = `trunks::postgres://${role}@${host}:${port}/${database}/app?sslmode=disable`;
    await work({ url, environment: { PGPASSWORD: password } }, wire, role).finally(() => wire.stop());
  }

  test("a password that ends in the middle of a push", () =>
    throughWire("", async (limited, wire, role) => {
      let chunks = 0;
      wire.use((statement) => {
        if (!statement.includes("_chunks") || ++chunks !== 5) return "pass";
        // Those who are in stay in: they are sent away too.
        void asAdministrator(
          server,
          `ALTER ROLE ${role} PASSWORD 'another'`,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
        );
        return "hang";
      });
      await trial.pushSays(limited, /28P01/, /check the user and the password/);
    }));

  test("too many connections: the push waits and goes through", () =>
    throughWire("CONNECTION LIMIT 0", async (limited, wire, role) => {
      const pushing = trial.pushGoesThrough(limited, way());
      await expect.poll(() => wire.connections, { timeout: patienceMs }).toBeGreaterThan(1);
      await asAdministrator(server, `ALTER ROLE ${role} CONNECTION LIMIT -1`);
      await pushing;
    }));

  test("a connection that is reset between effect and answer: the push goes through", () =>
    throughWire("", async (limited, wire) => {
      let cuts = 1;
      wire.use((statement) => (statement.startsWith("INSERT") && cuts-- > 0 ? "cut-after" : "pass"));
      await trial.pushGoesThrough(limited, way());
    }));

  test("no such schema", () =>
    trial.allSay(way({ query: "schema=nowhere" }), /no schema nowhere/, /create the schema/));
});

type Fits = (request: Parameters<ProxyScript>[0]) => boolean;

/** The action for the requests that fit; all others pass. */
function when(fits: Fits, action: ProxyAction): ProxyScript {
  return (request) => (fits(request) ? action : { do: "pass" });
}

/** The action for the first so many requests that fit; all others pass. */
function first(count: number, action: ProxyAction, fits: Fits = () => true): ProxyScript {
  let left = count;
  return when((request) => fits(request) && left-- > 0, action);
}
