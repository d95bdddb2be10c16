import { type Backend, isTrunksError, type TrunksError } from "@trunks/core";
import { asAdministrator, type PostgresAddress, type PostgresWire, startPostgresWire } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { openPostgres, type PostgresOptions } from "../src/index.ts";
import { bytesOf, onServer, optionsFor } from "./address.ts";

interface Faulty {
  readonly wire: PostgresWire;
  /** Behind the wire. */
  readonly backend: Backend;
  /** The same keys, straight from the server. */
  readonly direct: Backend;
  readonly table: string;
}

async function withWire(
  address: PostgresAddress,
  changes: Partial<PostgresOptions>,
  body: (faulty: Faulty) => Promise<void>,
): Promise<void> {
  const wire = await startPostgresWire(address);
  const options = optionsFor(address);
  const { host, port } = wire.address;
  const backend = await openPostgres({ ...options, host, port, sslMode: "disable", ...changes });
  const direct = await openPostgres(options);
  try {
    await direct.put("ready", bytesOf(1));
    await body({ wire, backend, direct, table: options.table as string });
  } finally {
    await backend.close();
    await direct.close();
    await wire.stop();
  }
}

/** What the call threw, which must be the one kind of error. */
async function failureOf(call: Promise<unknown>): Promise<TrunksError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isTrunksError(error), String(error)).toBe(true);
  return error as TrunksError;
}

const large = bytesOf(5 * 2 ** 20 + 3);
const makesVisible = (statement: string) => /^WITH .*held/s.test(statement);

onServer("postgres", (address) => {
  test("small operations are one statement each, over one connection", () =>
    withWire(address, {}, async ({ backend, wire }) => {
      expect(wire.connections).toBe(0);
      expect(await backend.create("a", bytesOf(10))).toBe(true);
      expect(await backend.create("a", bytesOf(10))).toBe(false);
      await backend.put("b", bytesOf(0));
      await (await backend.get("a"))?.bytes();
      await (await backend.get("a", { range: { suffix: 3 } }))?.bytes();
      expect(await backend.get("absent")).toBeUndefined();
      await backend.list("");
      await backend.delete(["a", "b"]);
      const verbs = wire.statements.map((statement) => /INSERT|COPY|SELECT key|DELETE/.exec(statement)?.[0]);
      expect(verbs).toEqual(["INSERT", "INSERT", "INSERT", "COPY", "COPY", "COPY", "SELECT key", "DELETE"]);
      expect(wire.connections).toBe(1);
    }));

  test("a create whose answer is lost may have happened, and is not repeated", () =>
    withWire(address, {}, async ({ backend, direct, wire }) => {
      for (const body of [bytesOf(10), large]) {
        const key = `key-${body.length}`;
        wire.use((statement) =>
          statement.startsWith("INSERT") && body !== large
            ? "cut-after"
            : makesVisible(statement)
              ? "cut-after"
              : "pass",
        );
        const error = await failureOf(backend.create(key, body));
        expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: false });
        expect(Buffer.compare((await (await direct.get(key))?.bytes()) ?? new Uint8Array(0), body)).toBe(0);
      }
    }));

  test("a create that never arrived looks the same", () =>
    withWire(address, {}, async ({ backend, direct, wire }) => {
      wire.use(() => "cut-before");
      expect(await failureOf(backend.create("key", bytesOf(10)))).toMatchObject({ code: "OUTCOME_UNKNOWN" });
      expect(await direct.get("key")).toBeUndefined();
    }));

  test("a large create that breaks before its last statement has failed, may be repeated, and leaves nothing", () =>
    withWire(address, {}, async ({ backend, direct, wire, table }) => {
      let chunks = 0;
      wire.use((statement) => (statement.includes("_chunks") && ++chunks === 3 ? "cut-after" : "pass"));
      expect(await failureOf(backend.create("key", large))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(await direct.get("key")).toBeUndefined();
      expect(await backend.create("key", large)).toBe(true);
      await backend.close();
      const [left] = await asAdministrator<{ chunks: number; loose: number }>(
        address,
        `SELECT (SELECT count(DISTINCT content)::int FROM ${table}_chunks) AS chunks,
          (SELECT count(*)::int FROM ${table}_loose) AS loose`,
      );
      expect(left).toEqual({ chunks: 1, loose: 0 });
    }));

  test("reads, lists, puts and deletes whose answer is lost may be repeated", () =>
    withWire(address, {}, async ({ backend, wire }) => {
      wire.use(() => "cut-after");
      const lost = { code: "UNAVAILABLE", retryable: true };
      expect(await failureOf(backend.get("key"))).toMatchObject(lost);
      expect(await failureOf(backend.list(""))).toMatchObject(lost);
      const unknown = { code: "OUTCOME_UNKNOWN", retryable: true };
      expect(await failureOf(backend.put("key", bytesOf(10)))).toMatchObject(unknown);
      expect(await failureOf(backend.delete(["key"]))).toMatchObject(unknown);
    }));

  test("a statement that is never answered is given up", () =>
    withWire(address, { requestTimeoutMs: 300 }, async ({ backend, wire }) => {
      wire.use(() => "hang");
      expect(await failureOf(backend.get("key"))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(await failureOf(backend.create("key", bytesOf(1)))).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    }));

  test.each(["create", "put", "get", "list", "delete"] as const)("%s that hangs is ended by its signal", (name) =>
    withWire(address, {}, async ({ backend, wire }) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      wire.use(() => {
        controller.abort(reason);
        return "hang";
      });
      const { signal } = controller;
      const calls = {
        create: () => backend.create("key", bytesOf(10), { signal }),
        put: () => backend.put("key", bytesOf(10), { signal }),
        get: () => backend.get("key", { signal }),
        list: () => backend.list("", { signal }),
        delete: () => backend.delete(["key"], { signal }),
      };
      await expect(calls[name]()).rejects.toMatchObject({ code: "ABORTED", cause: reason });
    }),
  );

  test("who waits for a connection is let go by its signal", () =>
    withWire(address, { maxConnections: 1 }, async ({ backend, wire }) => {
      const asked = Promise.withResolvers<void>();
      wire.use(() => {
        asked.resolve();
        return "hang";
      });
      const first = new AbortController();
      const second = new AbortController();
      const holding = failureOf(backend.get("key", { signal: first.signal }));
      await asked.promise;
      const waiting = failureOf(backend.get("key", { signal: second.signal }));
      second.abort();
      expect(await waiting).toMatchObject({ code: "ABORTED" });
      first.abort();
      expect(await holding).toMatchObject({ code: "ABORTED" });
      wire.use(() => "pass");
      expect(await backend.get("key")).toBeUndefined();
    }));

  test("a connection that the server has closed meanwhile is not used again", () =>
    withWire(address, {}, async ({ backend, wire, table }) => {
      expect(await backend.create("a", bytesOf(1))).toBe(true);
      await asAdministrator(
        address,
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE application_name = 'trunks' AND query LIKE '%${table}%' AND pid <> pg_backend_pid()`,
      );
      expect(await backend.create("b", bytesOf(1))).toBe(true);
      expect(wire.connections).toBe(2);
    }));

  test("a server that is not there is unavailable: nothing was written", async () => {
    const backend = await openPostgres(optionsFor(address, { port: 1 }));
    const error = await failureOf(backend.create("key", bytesOf(10)));
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(error.message).toContain("ECONNREFUSED");
    await backend.close();
  });
});
