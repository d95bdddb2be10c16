import { inspect } from "node:util";
import { type Backend, isTrunksError } from "@trunks/core";
import { expect, test } from "vitest";
import { openBackend, openSftp } from "../src/index.ts";
import { bytesOf, onEachServer, optionsFor } from "./address.ts";

const secrets = { password: "never-shown-password", passphrase: "never-shown-passphrase" };

/** Every way in which a value comes to the eyes of a user or into a log. */
function shown(value: unknown): string {
  const texts = [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })];
  if (value instanceof Error) texts.push(value.stack ?? "", value.cause === undefined ? "" : shown(value.cause));
  return texts.join("\n");
}

async function checkFailures(backend: Backend): Promise<void> {
  expect(shown(backend)).not.toContain("never-shown");
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
    expect(shown(backend)).not.toContain("never-shown");
  }
  await backend.close();
}

onEachServer((address) => {
  test("a refused log-in shows no secrets", async () => {
    await checkFailures(await openSftp(optionsFor(address, { user: "no-such-user", ...secrets })));
  });

  test("a backend at work shows no secrets, and neither does a root that is missing", async () => {
    const options = optionsFor(address, secrets);
    await checkFailures(await openSftp({ ...options, path: `${options.path}/absent` }));
  });
});

test("a URL's backend shows no secrets", async () => {
  await checkFailures(await openBackend(new URL("sftp://me@127.0.0.1:1/x?config=none&identityAgent=none"), secrets));
});
