import { expect, test } from "vitest";
import { openS3 } from "../src/index.ts";
import { bytesOf, onEachServer, optionsFor } from "./address.ts";

onEachServer((address) => {
  test("a server that is not there is unavailable: nothing was written", async () => {
    const backend = await openS3(optionsFor(address, { endpoint: "http://127.0.0.1:1" }));
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("ECONNREFUSED"),
    });
    await backend.close();
  });

  test("a server that speaks no TLS is unavailable, and that is final", async () => {
    const backend = await openS3(optionsFor(address, { endpoint: address.endpoint.replace("http", "https") }));
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: false,
    });
    await backend.close();
  });
});
