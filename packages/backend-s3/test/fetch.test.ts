import { expect, test, vi } from "vitest";
import { openS3 } from "../src/index.ts";
import { bytesOf, onEachServer, optionsFor, refusal, withProxy } from "./address.ts";

/** What holds of requests over Node's connections holds of those by `fetch`: the same tests, with the platform that Workers get. */
vi.mock("../src/platform.ts", () => import("../src/platform/web.ts"));

await import("./multipart.test.ts");
await import("./outcome.test.ts");
await import("./read.test.ts");
await import("./redaction.test.ts");
await import("./requests.test.ts");
await import("./silence.test.ts");

onEachServer((address) => {
  test("a server that is not there: nobody tells whether a create was sent", async () => {
    const backend = await openS3(optionsFor(address, { endpoint: "http://127.0.0.1:1" }));
    await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await backend.close();
  });

  test("credentials that the store refuses are asked for again, once", async () => {
    const { accessKey, secretKey } = address;
    const answers = [{ accessKey, secretKey: "retired" }];
    const credentials = vi.fn(async () => answers.pop() ?? { accessKey, secretKey });
    const backend = await openS3(optionsFor(address, { credentials }));
    expect(await backend.create("key", bytesOf(10))).toBe(true);
    expect(await backend.create("key", bytesOf(10))).toBe(false);
    expect(credentials).toHaveBeenCalledTimes(2);
    await backend.close();
  });

  test("without credentials nothing is sent", () =>
    withProxy(address, { credentials: undefined }, async ({ backend, proxy }) => {
      await expect(backend.create("key", bytesOf(10))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(proxy.requests).toEqual([]);
    }));

  test("a store whose clock is another's is asked by its own", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      const date = new Date(Date.now() + 3_600_000).toUTCString();
      const soon = new Date(Date.now() + 1_800_000).toISOString().replace(/[:-]/g, "");
      proxy.use(({ headers }) =>
        (headers["x-amz-date"] ?? "") < soon
          ? refusal(403, "RequestTimeTooSkewed", { date })
          : { do: "answer", status: 404, headers: { date, "content-type": "application/xml" }, body: noKey },
      );
      expect(await backend.get("key")).toBeUndefined();
      expect(proxy.requests).toHaveLength(2);
    }));
});

const noKey = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
