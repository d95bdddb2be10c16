import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { asAdministrator, type PostgresServer, startPostgres } from "@trunks/test-servers";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openBackend } from "../src/index.ts";

/** A server that lets the role `guest` in by a certificate of its own, and by nothing else. */
describe.skipIf(inject("servers").postgres === undefined)("a server that asks for the client's certificate", () => {
  let server: PostgresServer;
  let authority: string;
  let folder: string;

  beforeAll(async () => {
    server = await startPostgres();
    authority = server.certificate as string;
    folder = dirname(authority);
    for (const name of ["guest", "stranger"]) await makeCertificate(name);
    const [row] = await asAdministrator<{ hba_file: string }>(server, "CREATE ROLE guest LOGIN", "SHOW hba_file");
    const rules = row?.hba_file as string;
    writeFileSync(rules, `hostssl all guest 127.0.0.1/32 cert\n${readFileSync(rules, "utf8")}`);
    await asAdministrator(server, `ALTER SYSTEM SET ssl_ca_file = '${join(folder, "guest.pem")}'`);
    await asAdministrator(server, "SELECT pg_reload_conf()");
  }, 60_000);
  afterAll(() => server?.stop());

  /** For the role `guest`, in the name of whoever: signed by itself. */
  async function makeCertificate(name: string): Promise<void> {
    const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    await promisify(execFile)("openssl", ["req", ...kind, "-subj", "/CN=guest", ...files]);
    chmodSync(join(folder, `${name}.pem`), 0o644);
  }

  /** As psql writes them in a URL. */
  function open(query: Readonly<Record<string, string>>) {
    const url = new URL(`postgres://guest@${server.host}:${server.port}/${server.database}/code`);
    const all = { sslmode: "verify-full", sslrootcert: authority, ...query };
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
    return openBackend(url);
  }

  const files = (name: string) => ({ sslcert: join(folder, `${name}.pem`), sslkey: join(folder, `${name}.key`) });

  test("its certificate and key, as psql names them, let it in", async () => {
    const backend = await open(files("guest"));
    expect(await backend.get("key")).toBeUndefined();
    await backend.close();
  });

  test("without one it is not known", async () => {
    const backend = await open({});
    await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
    await backend.close();
  });

  test("a certificate that nobody vouches for does not let it in", async () => {
    const backend = await open(files("stranger"));
    await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await backend.close();
  });

  test("a key that belongs to another certificate is a matter of configuration", async () => {
    const backend = await open({ ...files("guest"), sslkey: files("stranger").sslkey });
    await expect(backend.get("key")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await backend.close();
  });
});
