import { inspect } from "node:util";
import { isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { openBackend, openGcs } from "../src/index.ts";
import { bytesOf, onServer, optionsFor, withProxy } from "./address.ts";

const accessToken = "never-shown-access-token";

/** Every way in which a value comes to the eyes of a user or into a log. */
function shown(value: unknown): string {
  const texts = [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })];
  if (value instanceof Error) texts.push(value.stack ?? "", value.cause === undefined ? "" : shown(value.cause));
  return texts.join("\n");
}

/** The five operations' errors. */
async function failures(backend: Awaited<ReturnType<typeof openGcs>>): Promise<unknown[]> {
  const calls = [
    () => backend.get("key"),
    () => backend.create("key", bytesOf(10)),
    () => backend.put("key", bytesOf(10)),
    () => backend.list(""),
    () => backend.delete(["key", "other"]),
  ];
  const errors: unknown[] = [];
  for (const call of calls) {
    errors.push(
      await call().then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  }
  return errors;
}

onServer((address) => {
  const credentials = { accessToken };

  test("an opened backend shows no secrets", async () => {
    const backend = await openGcs(optionsFor(address, credentials));
    expect(shown(backend)).not.toContain("never-shown");
    await backend.close();
    const url = new URL(`gcs://${address.bucket}?endpoint=${address.endpoint}`);
    const other = await openBackend(url, credentials);
    expect(shown(other)).not.toContain("never-shown");
    await other.close();
  });

  test("a store that repeats the request in its answer is not quoted", () =>
    withProxy(address, credentials, async ({ backend, proxy }) => {
      const error = { message: `bad ${accessToken}`, errors: [{ reason: accessToken }], request: accessToken };
      for (const status of [400, 401, 403, 500]) {
        const body = JSON.stringify({ error, [accessToken]: accessToken });
        proxy.use(() => ({ do: "answer", status, headers: { "content-type": "application/json" }, body }));
        for (const error of await failures(backend)) {
          expect(isTrunksError(error)).toBe(true);
          expect(shown(error)).not.toContain("never-shown");
        }
      }
    }));

  test("answers that cannot be read, and connections that break, are told without secrets", () =>
    withProxy(address, credentials, async ({ backend, proxy }) => {
      const actions = [
        { do: "answer", status: 500, body: `<Error><${accessToken}` },
        { do: "answer", status: 200, body: `<List><${accessToken}` },
        { do: "reset-before" },
      ] as const;
      for (const action of actions) {
        proxy.use(() => action);
        for (const error of await failures(backend)) expect(shown(error)).not.toContain("never-shown");
      }
    }));
});
