import { isTrunksError } from "@trunks/core";
import type { S3Server } from "@trunks/test-servers";
import { startSeaweed, startVersity } from "@trunks/test-servers";
import { test as base, expect, inject } from "vitest";
import { openS3 } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const mebibyte = 2 ** 20;
const partSizeBytes = 5 * mebibyte;
const rounds = 3;

/** Writes small keys, one after the other, until the server is gone; answers which were acknowledged. */
async function createUntilDead(server: S3Server, path: string, firstKey: () => void): Promise<string[]> {
  const backend = await openS3(optionsFor(server, { path }));
  const acknowledged: string[] = [];
  try {
    for (let index = 0; index < 10_000; index++) {
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
  const bytes = bytesOf(6 * partSizeBytes);
  return {
    size: bytes.length,
    async *read(start: number, end: number) {
      if (start >= bytes.length / 2) reached();
      yield bytes.subarray(start, end);
    },
  };
}

for (const [name, start] of [["versity", startVersity] as const, ["seaweed", startSeaweed] as const]) {
  const test = inject("servers")[name] === undefined ? base.skip : base;
  test(`${name}: a kill in the middle of writes loses nothing acknowledged and shows nothing half`, async () => {
    const server = await start();
    try {
      for (let round = 0; round < rounds; round++) {
        const path = `round/${round}`;
        const writer = await openS3(optionsFor(server, { path, partSizeBytes }));
        const halfway = Promise.withResolvers<void>();
        const small = Promise.withResolvers<void>();
        const large = writer.create("large", largeBody(halfway.resolve)).catch((error: unknown) => error);
        const smalls = createUntilDead(server, path, small.resolve);
        await Promise.all([halfway.promise, small.promise]);
        await server.kill();
        const [outcome, acknowledged] = await Promise.all([large, smalls]);
        await writer.close();
        await server.restart();
        const reader = await openS3(optionsFor(server, { path }));
        for (const key of acknowledged) {
          const expected = bytesOf(1000 + Number(key.slice("small/".length)));
          expect(Buffer.compare((await (await reader.get(key))?.bytes()) ?? new Uint8Array(0), expected), key).toBe(0);
        }
        const found = await reader.get("large");
        if (outcome === true) expect(found, "acknowledged").toBeDefined();
        if (found !== undefined) expect(found.size).toBe(6 * partSizeBytes);
        await found?.cancel();
        // What did not come through can be written now, or is there.
        expect([true, false]).toContain(
          await reader.create(
            "large",
            largeBody(() => {}),
          ),
        );
        expect((await reader.list("")).keys.map(({ key }) => key)).toContain("large");
        await reader.close();
      }
    } finally {
      await server.stop();
    }
  });
}
