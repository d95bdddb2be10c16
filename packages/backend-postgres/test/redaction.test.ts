import { inspect } from "node:util";
import { type Backend, isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { openBackend, openPostgres } from "../src/index.ts";
import { bytesOf, onEachServer, optionsFor } from "./address.ts";

const password = "never-shown-password";

/** Every way in which a value comes to the eyes of a user or into a log. */
function shown(value: unknown): string {
  const texts = [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })];
  if (value instanceof Error) texts.push(value.stack ?? "", value.cause === undefined ? "" : shown(value.cause));
  return texts.join("\n");
}

async function checkFailures(backend: Backend): Promise<void> {
  const calls = [
    () => backend.get("key"),
    () => backend.create("key", bytesOf(10)),
    () => backend.put("key", bytesOf(10)),
    () => backend.list(""),
    () => backend.delete(["key", "other"]),
  ];
  for (const call of calls) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isTrunksError(error)).toBe(true);
    expect(shown(error)).not.toContain("never-shown");
  }
  await backend.close();
}

onEachServer((address) => {
  test("an opened backend shows no secrets, and neither do its refusals", async () => {
    const options = optionsFor(address, { password });
    const backend = await openPostgres(options);
    expect(shown(backend)).not.toContain("never-shown");
    await checkFailures(backend);
    const { host, port, database } = address;
    const other = await openBackend(new URL(`postgres://postgres@${host}:${port}/${database}`), { password });
    expect(shown(other)).not.toContain("never-shown");
    await checkFailures(other);
  });

  test("a password that a server repeats is not quoted", async () => {
    await checkFailures(await openPostgres(optionsFor(address, { user: password, password })));
  });
});

test("an address where nobody is is told without secrets", async () => {
  await checkFailures(await openPostgres({ database: "d", host: "127.0.0.1", port: 1, password }));
});
