import { Client } from "pg";
import { describe, expect, inject, test } from "vitest";
import { catalog } from "../src/catalog.ts";
import type { PostgresAddress } from "../src/index.ts";

async function ask({ host, port, user, password, database }: PostgresAddress, text: string): Promise<unknown> {
  const client = new Client({ host, port, user, password, database });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows[0]?.answer;
  } finally {
    await client.end();
  }
}

for (const name of ["postgres", "pgbouncer"] as const) {
  const address = inject("servers")[name];
  describe.skipIf(address === undefined)(name, () => {
    test("answers who knows the password", async () => {
      expect(await ask(address as PostgresAddress, "SELECT 6 * 7 AS answer")).toBe(42);
      const stranger = { ...(address as PostgresAddress), password: "wrong" };
      await expect(ask(stranger, "SELECT 1")).rejects.toThrow(/authentication failed/);
    });

    test("keeps what it has over a kill and a restart", async () => {
      const server = await catalog[name].start();
      try {
        await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer");
        await server.kill();
        await expect(ask(server, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
        await server.restart();
        expect(await ask(server, "SELECT answer FROM kept")).toBe(42);
      } finally {
        await server.stop();
      }
    });
  });
}
