import { startAzurite } from "@trunks/test-servers";
import { expect, test } from "vitest";
import { openAzure } from "../src/index.ts";
import { bytesOf, optionsFor } from "./address.ts";

const partSizeBytes = 2 ** 20;
const size = 12 * partSizeBytes;

/** A body of which half is read before `reached` is called. */
function largeBody(reached: () => void) {
  const bytes = bytesOf(size);
  return {
    size,
    async *read(start: number, end: number) {
      if (start >= size / 2) reached();
      yield bytes.subarray(start, end);
    },
  };
}

// Azurite is not durable, so that this shows what the client does, and nothing of what the store keeps.
test("azurite: a kill in the middle of an upload shows nothing half, and it can be written afterwards", async () => {
  const server = await startAzurite();
  try {
    const options = optionsFor(server, { partSizeBytes });
    const writer = await openAzure(options);
    const halfway = Promise.withResolvers<void>();
    const large = writer.create("large", largeBody(halfway.resolve)).catch((error: unknown) => error);
    await halfway.promise;
    await server.kill();
    expect(await large).toMatchObject({ code: expect.stringMatching(/^(UNAVAILABLE|OUTCOME_UNKNOWN)$/) });
    await writer.close();
    await server.restart();
    const reader = await openAzure(options);
    expect(await reader.get("large")).toBeUndefined();
    expect(await reader.create("large", bytesOf(size))).toBe(true);
    expect((await reader.get("large"))?.size).toBe(size);
    await reader.close();
  } finally {
    await server.stop();
  }
});
