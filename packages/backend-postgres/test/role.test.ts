import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asAdministrator } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { openPostgres } from "../src/index.ts";
import { bytesOf, newName, newRole, onEachServer, onServer, optionsFor } from "./address.ts";

/** The rights that the page asks for, with a test's own names in the place of the page's. */
function grants(names: Readonly<Record<"schema" | "writer" | "reader", string>>): string[] {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/backends/postgres.md"), "utf8");
  const [, text = ""] = /^```sql\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const own = text
    .replace(/\b(trunks\w*)/g, `${names.schema}.$1`)
    .replace(/\bpublic\b/g, names.schema)
    .replace(/\b(writer|reader)\b/g, (role) => names[role as "writer" | "reader"]);
  return own.split("\n").filter((line) => line !== "");
}

onEachServer((address) => {
  test("absent tables hold nothing, and the first write makes them", async () => {
    const options = optionsFor(address);
    const [backend, other] = [await openPostgres(options), await openPostgres(options)];
    expect(await backend.get("key")).toBeUndefined();
    expect((await backend.list("")).keys).toEqual([]);
    await backend.delete(["key"]);
    const creates = [backend, other, backend, other].map((client) => client.create("key", bytesOf(3)));
    expect((await Promise.all(creates)).filter(Boolean)).toHaveLength(1);
    await backend.close();
    await other.close();
  });

  test("a role that may create no tables works with those that are there, and is refused where there are none", async () => {
    const schema = newName("s");
    const options = optionsFor(address, { schema, table: "trunks" });
    const [role, reader] = [await newRole(address), await newRole(address)];
    // The schema of the page is open to all, as far as this goes.
    const open = [role, reader].map(({ user }) => `GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
    await asAdministrator(address, `CREATE SCHEMA ${schema}`, ...open);
    const restricted = await openPostgres({ ...options, ...role });
    await expect(restricted.create("key", bytesOf(3))).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      hint: expect.stringContaining("may create tables"),
    });
    const owner = await openPostgres(options);
    await owner.put("ready", bytesOf(1));
    await expect(restricted.get("ready")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await asAdministrator(address, ...grants({ schema, writer: role.user, reader: reader.user }));
    const large = bytesOf(3 * 2 ** 20);
    expect(await restricted.create("key", large)).toBe(true);
    expect(await restricted.create("key", large)).toBe(false);
    await restricted.put("key", large.subarray(1));
    expect((await restricted.get("key"))?.size).toBe(large.length - 1);
    const reading = await openPostgres({ ...options, ...reader });
    expect((await reading.get("key"))?.size).toBe(large.length - 1);
    await expect(reading.create("other", bytesOf(3))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await reading.close();
    await restricted.delete(["key", "ready"]);
    expect((await owner.list("")).keys).toEqual([]);
    await restricted.close();
    await owner.close();
  });

  test("a missing schema is not found, for every operation", async () => {
    const backend = await openPostgres(optionsFor(address, { schema: "no_such_schema" }));
    const calls = [
      () => backend.get("key"),
      () => backend.create("key", bytesOf(1)),
      () => backend.put("key", bytesOf(1)),
      () => backend.list(""),
      () => backend.delete(["key"]),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await backend.close();
  });

  test("a missing database and a wrong password are told apart", async () => {
    const missing = await openPostgres(optionsFor(address, { database: "no_such_database" }));
    await expect(missing.get("key")).rejects.toMatchObject({ code: "NOT_FOUND", retryable: false });
    await missing.close();
    const stranger = await openPostgres(optionsFor(address, { password: "wrong" }));
    await expect(stranger.create("key", bytesOf(1))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      retryable: false,
      hint: expect.stringContaining("PGPASSWORD"),
    });
    await stranger.close();
  });

  test("paths in one table stay apart", async () => {
    const options = optionsFor(address);
    const one = await openPostgres({ ...options, path: "team/one" });
    const two = await openPostgres({ ...options, path: "team/o'ne two" });
    expect(await one.create("key", bytesOf(1))).toBe(true);
    expect(await two.create("key", bytesOf(2))).toBe(true);
    expect((await two.get("key"))?.size).toBe(2);
    expect((await one.list("")).keys).toMatchObject([{ key: "key", size: 1 }]);
    await one.delete(["key"]);
    expect((await two.list("")).keys).toHaveLength(1);
    await one.close();
    await two.close();
  });
});

onServer("postgres", (address) => {
  test("a table of something else is refused", async () => {
    const options = optionsFor(address);
    await asAdministrator(address, `CREATE TABLE ${options.table} (name text)`);
    const backend = await openPostgres(options);
    await expect(backend.get("key")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(backend.create("key", bytesOf(1))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await backend.close();
  });

  test("no password where one is asked for is unauthenticated, with what to do", async () => {
    const backend = await openPostgres(optionsFor(address, { password: undefined }));
    await expect(backend.get("key")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      hint: expect.stringContaining("PGPASSWORD"),
    });
    await backend.close();
  });

  test("a server that only reads refuses writes for good", async () => {
    const options = optionsFor(address);
    const role = await newRole(address);
    await asAdministrator(
      address,
      `GRANT ALL ON SCHEMA public TO ${role.user}`,
      `ALTER ROLE ${role.user} SET default_transaction_read_only = on`,
    );
    const owner = await openPostgres(options);
    await owner.put("ready", bytesOf(1));
    await asAdministrator(address, `GRANT ALL ON ${options.table} TO ${role.user}`);
    const reader = await openPostgres({ ...options, ...role });
    await expect(reader.create("key", bytesOf(1))).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      hint: expect.stringContaining("primary"),
    });
    await reader.close();
    await owner.close();
  });

  test("what was begun a day ago and never ended is removed by a later large write", async () => {
    const options = optionsFor(address);
    const first = await openPostgres(options);
    await first.put("key", bytesOf(2 ** 20 + 1));
    await first.close();
    const content = "gen_random_uuid()";
    await asAdministrator(
      address,
      `WITH lost AS (INSERT INTO ${options.table}_loose VALUES (${content}, now() - interval '25 hours') RETURNING content)
        INSERT INTO ${options.table}_chunks SELECT content, 0, 'lost' FROM lost`,
      `WITH fresh AS (INSERT INTO ${options.table}_loose VALUES (${content}, now() - interval '23 hours') RETURNING content)
        INSERT INTO ${options.table}_chunks SELECT content, 0, 'fresh' FROM fresh`,
    );
    const second = await openPostgres(options);
    await second.put("key", bytesOf(2 ** 20 + 2));
    await second.close();
    const rows = await asAdministrator<{ bytes: Buffer }>(
      address,
      `SELECT bytes FROM ${options.table}_chunks WHERE bytes IN ('lost', 'fresh')`,
    );
    expect(rows.map(({ bytes }) => String(bytes))).toEqual(["fresh"]);
  });
});
