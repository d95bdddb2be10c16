import { asAdministrator } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { openPostgres, type PostgresOptions } from "../src/index.ts";
import { newRole, onServer, optionsFor } from "./address.ts";

/** Whether a connection of these options is encrypted. */
async function isEncrypted(options: PostgresOptions, address: Parameters<typeof asAdministrator>[0]): Promise<boolean> {
  const role = await newRole(address);
  const backend = await openPostgres({ ...options, ...role });
  await backend.get("key");
  const [row] = await asAdministrator<{ ssl: boolean }>(
    address,
    `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '${role.user}'`,
  );
  await backend.close();
  return row?.ssl === true;
}

onServer("postgres", (address) => {
  const sslRootCert = address.certificate;
  const options = (changes: Partial<PostgresOptions>) => optionsFor(address, changes);

  test.each<[Partial<PostgresOptions>, boolean]>([
    [{}, true],
    [{ sslMode: "disable" }, false],
    [{ sslMode: "prefer" }, true],
    [{ sslMode: "require" }, true],
    [{ sslMode: "require", sslRootCert }, true],
    [{ sslMode: "verify-ca", sslRootCert }, true],
    [{ sslMode: "verify-full", sslRootCert }, true],
    [{ sslMode: "verify-ca", sslRootCert, host: "localhost" }, true],
  ])("%o connects, encrypted: %s", async (changes, encrypted) => {
    expect(await isEncrypted(options(changes), address)).toBe(encrypted);
  });

  test.each<Partial<PostgresOptions>>([
    { sslMode: "verify-ca" },
    { sslMode: "verify-full" },
    { sslMode: "verify-full", sslRootCert, host: "localhost" },
    { sslMode: "verify-full", sslRootCert: "system" },
  ])("%o trusts the server not, for good, and sends nothing", async (changes) => {
    const backend = await openPostgres(options(changes));
    await expect(backend.create("key", new Uint8Array(3))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: false,
      hint: expect.stringContaining("sslrootcert"),
    });
    await backend.close();
  });

  test("a certificate that cannot be read is a matter of configuration", async () => {
    const backend = await openPostgres(options({ sslMode: "verify-full", sslRootCert: "/no/such/file.pem" }));
    await expect(backend.get("key")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await backend.close();
  });
});

onServer("pgbouncer", (address) => {
  test("where the server speaks no TLS, what prefers it does without, and what requires it fails", async () => {
    const preferring = await openPostgres(optionsFor(address));
    expect(await preferring.get("key")).toBeUndefined();
    await preferring.close();
    const requiring = await openPostgres(optionsFor(address, { sslMode: "require" }));
    await expect(requiring.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: false });
    await requiring.close();
  });
});
