import { isTrunksError } from "@trunks/core";
import { type SftpServer, startOpenssh, startPkgSftp } from "@trunks/test-servers";
import { expect, inject, test } from "vitest";
import { openSftp, type SftpOptions } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const rounds = 3;
const large = bytesOf(30 * 2 ** 20);

/** Writes small keys, one after the other, until the server is gone; answers which were acknowledged. */
async function createUntilDead(options: SftpOptions, firstKey: () => void): Promise<string[]> {
  const backend = await openSftp(options);
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

async function round(server: SftpServer): Promise<void> {
  const options = optionsFor(server);
  const writer = await openSftp(options);
  const [halfway, small] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const creating = writer.create("large", largeBody(halfway.resolve)).catch((error: unknown) => error);
  const smalls = createUntilDead(options, small.resolve);
  await Promise.all([halfway.promise, small.promise]);
  await server.kill();
  const [outcome, acknowledged] = await Promise.all([creating, smalls]);
  await server.restart();
  expect(acknowledged.length).toBeGreaterThan(0);
  // The same backend goes on by itself.
  for (const key of acknowledged) {
    const expected = bytesOf(1000 + Number(key.slice("small/".length)));
    expect(Buffer.compare((await (await writer.get(key))?.bytes()) ?? new Uint8Array(0), expected), key).toBe(0);
  }
  const found = await (await writer.get("large"))?.bytes();
  if (outcome === true) expect(found, "acknowledged").toBeDefined();
  else expect(isTrunksError(outcome), String(outcome)).toBe(true);
  if (found !== undefined) expect(Buffer.compare(found, large)).toBe(0);
  // What did not come through can be written now, or is there.
  expect(
    await writer.create(
      "large",
      largeBody(() => {}),
    ),
  ).toBe(found === undefined);
  await writer.close();
}

const starts = { openssh: startOpenssh, "pkg-sftp": startPkgSftp };
for (const [name, start] of Object.entries(starts)) {
  const able = inject("servers")[name as keyof typeof starts] !== undefined;
  test.skipIf(!able)(
    `${name}: a kill in the middle of writes loses nothing acknowledged and shows nothing half`,
    async () => {
      const server = await start();
      try {
        for (let count = 0; count < rounds; count++) await round(server);
      } finally {
        await server.stop();
      }
    },
  );
}
