import { type GcsServer, startFakeGcs } from "@trunks/test-servers";
import { test as base, expect, inject } from "vitest";
import { openGcs } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const size = 8 * 2 ** 20;
const rounds = 3;

/** Writes small keys, one after the other, until the server is gone; answers which were acknowledged. */
async function createUntilDead(server: GcsServer, path: string, firstKey: () => void): Promise<string[]> {
  const backend = await openGcs(optionsFor(server, { path }));
  const acknowledged: string[] = [];
  try {
    for (let index = 0; index < 10_000; index++) {
      if (await backend.create(`small/${index}`, bytesOf(1000 + index))) acknowledged.push(`small/${index}`);
      firstKey();
    }
  } catch (error) {
    expect((error as { code?: string }).code).toMatch(/^(UNAVAILABLE|OUTCOME_UNKNOWN)$/);
  } finally {
    await backend.close();
  }
  return acknowledged;
}

/** A body of which half is read before `reached` is called. */
function largeBody(reached: () => void) {
  const bytes = bytesOf(size);
  return {
    size,
    async *read(start: number, end: number) {
      for (let place = start; place < end; place += 2 ** 16) {
        if (place >= size / 2) reached();
        yield bytes.subarray(place, Math.min(place + 2 ** 16, end));
      }
    },
  };
}

const test = inject("servers")["fake-gcs"] === undefined ? base.skip : base;

test("fake-gcs: a kill in the middle of writes loses nothing acknowledged and shows nothing half", async () => {
  const server = await startFakeGcs();
  try {
    for (let round = 0; round < rounds; round++) {
      const path = `round/${round}`;
      const writer = await openGcs(optionsFor(server, { path, singleRequestBytes: 2 ** 20 }));
      const halfway = Promise.withResolvers<void>();
      const small = Promise.withResolvers<void>();
      const large = writer.create("large", largeBody(halfway.resolve)).catch((error: unknown) => error);
      const smalls = createUntilDead(server, path, small.resolve);
      await Promise.all([halfway.promise, small.promise]);
      await server.kill();
      const [outcome, acknowledged] = await Promise.all([large, smalls]);
      await writer.close();
      await server.restart();
      const reader = await openGcs(optionsFor(server, { path }));
      for (const key of acknowledged) {
        const expected = bytesOf(1000 + Number(key.slice("small/".length)));
        expect(Buffer.compare((await (await reader.get(key))?.bytes()) ?? new Uint8Array(0), expected), key).toBe(0);
      }
      const found = await reader.get("large");
      if (outcome === true) expect(found, "acknowledged").toBeDefined();
      if (found !== undefined) expect(found.size).toBe(size);
      await found?.cancel();
      // What did not come through can be written now, or is there.
      expect([true, false]).toContain(await reader.create("large", bytesOf(size)));
      expect((await reader.get("large"))?.size).toBe(size);
      await reader.close();
    }
  } finally {
    await server.stop();
  }
});
