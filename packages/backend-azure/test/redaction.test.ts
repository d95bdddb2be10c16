import { inspect } from "node:util";
import { isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { openAzure, openBackend } from "../src/index.ts";
import { bytesOf, onServer, optionsFor, withProxy } from "./address.ts";

const accountKey = Buffer.from("never shown account key").toString("base64");
const signature = "neverShownSignature";
const sasToken = `sv=2024-11-04&sp=r&sig=${signature}`;
const secrets = [accountKey, signature];

/** Every way in which a value comes to the eyes of a user or into a log. */
function shown(value: unknown): string {
  const texts = [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })];
  if (value instanceof Error) texts.push(value.stack ?? "", value.cause === undefined ? "" : shown(value.cause));
  return texts.join("\n");
}

function expectHidden(value: unknown): void {
  for (const secret of secrets) expect(shown(value)).not.toContain(secret);
}

/** The five operations' errors. */
async function failures(backend: Awaited<ReturnType<typeof openAzure>>): Promise<unknown[]> {
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
  const credentials = [{ accountKey }, { accountKey: undefined, sasToken }];

  test.each(credentials)("an opened backend shows no secrets", async (changes) => {
    const backend = await openAzure(optionsFor(address, changes));
    expectHidden(backend);
    await backend.close();
    const { account, container, endpoint } = address;
    const url = new URL(`azure://${account}/${container}?endpoint=${endpoint}`);
    const other = await openBackend(url, changes);
    expectHidden(other);
    await other.close();
  });

  test.each(credentials)("what the store refuses is told without secrets", async (changes) => {
    const backend = await openAzure(optionsFor(address, changes));
    for (const error of await failures(backend)) {
      expect(isTrunksError(error)).toBe(true);
      expectHidden(error);
      expect(shown(error)).not.toMatch(/SharedKey|sig=/);
    }
    await backend.close();
  });

  test.each(credentials)("a store that repeats the request in its answer is not quoted", (changes) =>
    withProxy(address, changes, async ({ backend, proxy }) => {
      for (const status of [400, 403, 500]) {
        const body = `<Error><Code>${signature}</Code><Message>bad ${signature} and ${accountKey}</Message></Error>`;
        proxy.use(() => ({ do: "answer", status, headers: { "content-type": "application/xml" }, body }));
        for (const error of await failures(backend)) {
          expect(isTrunksError(error)).toBe(true);
          expectHidden(error);
        }
      }
    }),
  );

  test.each(credentials)(
    "answers that cannot be read, and connections that break, are told without secrets",
    (changes) =>
      withProxy(address, changes, async ({ backend, proxy }) => {
        const actions = [
          { do: "answer", status: 500, body: `<Error><${signature}` },
          { do: "answer", status: 200, body: `<List><${accountKey}` },
          { do: "reset-before" },
        ] as const;
        for (const action of actions) {
          proxy.use(() => action);
          for (const error of await failures(backend)) expectHidden(error);
        }
      }),
  );
});
