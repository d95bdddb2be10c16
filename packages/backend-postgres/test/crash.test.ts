import { isTrunksError } from "@trunks/core";
import { asAdministrator, type PostgresServer, startPostgres } from "@trunks/test-servers";
import { test as base, expect, inject } from "vitest";
import { openPostgres } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const rounds = 3;
const large = bytesOf(30 * 2 ** 20);

/** Writes small keys, one after the other, until the server is gone; answers which were acknowledged. */
async function createUntilDead(server: PostgresServer, table: string, firstKey: () => void): Promise<string[]> {
  const backend = await openPostgres(optionsFor(server, { table }));
  const acknowledged: string[] = [];
  try {
    for (let index = 0; index < 100_000; index++) {
      if (await backend.create(`small/${index}`, bytesOf(1000 + index))) acknowledged.push(`small/${index}`);
      firstKey();
    }
  } catch (error) {
    expect(isTrunksError(error), String(error)).toBe(true);
  } finally {
    await backend.close();
  }
  return acknowledged;
}

/** A body of which half is read before `reached` is called. */
function largeBody(reached: () => void) {
  return {
    size: large.length,
    async *read(start: number, end: number) {
      for (let offset = start; offset < end; offset += 2 ** 20) {
        if (offset >= large.length / 2) reached();
        yield large.subarray(offset, Math.min(end, offset + 2 ** 20));
      }
    },
  };
}

const test = inject("servers").postgres === undefined ? base.skip : base;
test("postgres: a kill in the middle of writes loses nothing acknowledged and shows nothing half", async () => {
  const server = await startPostgres();
  try {
    for (let round = 0; round < rounds; round++) {
      const table = `round_${round}`;
      const writer = await openPostgres(optionsFor(server, { table }));
      await writer.put("ready", bytesOf(1));
      const halfway = Promise.withResolvers<void>();
      const small = Promise.withResolvers<void>();
      const creating = writer.create("large", largeBody(halfway.resolve)).catch((error: unknown) => error);
      const smalls = createUntilDead(server, table, small.resolve);
      await Promise.all([halfway.promise, small.promise]);
      await server.kill();
      const [outcome, acknowledged] = await Promise.all([creating, smalls]);
      await writer.close();
      await server.restart();
      const reader = await openPostgres(optionsFor(server, { table }));
      for (const key of acknowledged) {
        const expected = bytesOf(1000 + Number(key.slice("small/".length)));
        expect(Buffer.compare((await (await reader.get(key))?.bytes()) ?? new Uint8Array(0), expected), key).toBe(0);
      }
      const found = await (await reader.get("large"))?.bytes();
      if (outcome === true) expect(found, "acknowledged").toBeDefined();
      if (found !== undefined) expect(Buffer.compare(found, large)).toBe(0);
      // What did not come through can be written now, or is there.
      const body = largeBody(() => {});
      expect(await reader.create("large", body)).toBe(found === undefined);
      await reader.close();
      // What the kill left behind is known, so that it is removed when it is a day old.
      const [unknown] = await asAdministrator<{ contents: number }>(
        server,
        `SELECT count(*)::int AS contents FROM ${table}_chunks AS chunk WHERE content NOT IN
          (SELECT content FROM ${table} WHERE content IS NOT NULL UNION SELECT content FROM ${table}_loose)`,
      );
      expect(unknown).toEqual({ contents: 0 });
    }
  } finally {
    await server.stop();
  }
});
