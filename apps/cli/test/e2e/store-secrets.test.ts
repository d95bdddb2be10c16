import { dirname, join } from "node:path";
import { asAdministrator, startAzurite, startFakeGcs, startOpenssh, startPostgres } from "@trunks/test-servers";
import { describe, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { makeRepository } from "../support/repository.ts";
import { filesWith } from "../support/secret-search.ts";
import { SecretTrial } from "../support/secret-trial.ts";

/** Servers that are new have to be installed once. */
const timeoutMs = 15 * 60_000;

/** A store that lets in who has the secret. */
interface Store {
  /** All of the storage but the secret, as `storage add` takes it. */
  readonly options: readonly string[];
  /** The secret's name among the options of a storage: `password`. */
  readonly name: string;
  readonly secret: string;
  /** One that the store refuses; absent where it lets everyone in. */
  readonly wrong?: string;
  /** Where the server keeps what it was given. */
  readonly folder: string;
  stop(): Promise<void>;
}

async function postgres(): Promise<Store> {
  const server = await startPostgres();
  const secret = "a-password-of-tests";
  await asAdministrator(
    server,
    `CREATE ROLE writer LOGIN PASSWORD '${secret}'`,
    "GRANT CREATE, USAGE ON SCHEMA public TO writer",
  );
  const place = ["--host", server.host, "--port", String(server.port), "--database", server.database];
  return {
    options: ["--backend", "postgres", ...place, "--user", "writer"],
    name: "password",
    secret,
    wrong: "a-wrong-password-of-tests",
    folder: join(dirname(server.certificate as string), "data"),
    stop: () => server.stop(),
  };
}

async function azure(): Promise<Store> {
  const server = await startAzurite();
  const place = ["--account", server.account, "--container", server.container, "--endpoint", server.endpoint];
  return {
    options: ["--backend", "azure", ...place],
    name: "accountKey",
    secret: server.accountKey,
    wrong: Buffer.alloc(48, "wrong").toString("base64"),
    folder: server.folder,
    stop: () => server.stop(),
  };
}

async function sftp(): Promise<Store> {
  const secret = "a-password-of-tests";
  const server = await startOpenssh({ password: secret });
  const place = ["--host", server.host, "--port", String(server.port), "--user", server.user, "--path", server.folder];
  return {
    options: ["--backend", "sftp", ...place, "--known-hosts", server.knownHostsFile],
    name: "password",
    secret,
    wrong: "a-wrong-password-of-tests",
    folder: server.folder,
    stop: () => server.stop(),
  };
}

async function gcs(): Promise<Store> {
  const server = await startFakeGcs();
  return {
    options: ["--backend", "gcs", "--bucket", server.bucket, "--endpoint", server.endpoint],
    name: "accessToken",
    secret: "a-token-of-tests",
    folder: server.folder,
    stop: () => server.stop(),
  };
}

/** As variables of the environment and flags of the command line have it. */
const variable = (name: string) => `TRUNKS_STORAGE_PRIMARY_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
const flag = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

describe.each<[string, () => Promise<Store>]>([
  ["azurite", azure],
  ["fake-gcs", gcs],
  ["postgres", postgres],
  ["openssh", sftp],
])("%s", (_, start) => {
  test(
    "no secret is in the store, in what is said, in a command line or a file but the settings",
    async (context) => {
      const started = await ifAvailable(start);
      if (typeof started === "string") return context.skip(started);
      const trial = new SecretTrial();
      try {
        await tryOut(trial, started);
      } finally {
        await trial.sandbox.remove();
        await started.stop();
      }
    },
    timeoutMs,
  );
});

async function tryOut(trial: SecretTrial, { options, name, secret, wrong, folder }: Store): Promise<void> {
  await makeRepository(trial.sandbox, "app");
  const add = ["storage", "add", "primary", ...options];
  // Google's tokens are nothing to be saved: the environment has them.
  const isSaved = name !== "accessToken";
  const environment = isSaved ? {} : { [variable(name)]: secret };
  const texts = await trial.hides([secret, ...(wrong === undefined ? [] : [wrong])], async () => {
    if (wrong !== undefined) await trial.run(1, [...add, flag(name), "-", "--verbose"], { input: `${wrong}\n` });
    if (isSaved) await trial.run(0, [...add, flag(name), "-", "--verbose"], { input: `${secret}\n` });
    else await trial.run(0, [...add, "--verbose"], { environment });
    await trial.run(0, ["init", "--verbose"], { environment });
    await trial.git(0, ["push", "-v", "--progress", "origin", "main"], { folder: "app", environment });
    await trial.git(0, ["fetch", "-v", "origin"], { folder: "app", environment });
    for (const args of [
      ["storage", "show"],
      ["storage", "list"],
      ["storage", "ping"],
      ["check", "--remote"],
    ]) {
      await trial.run(0, [...args, "--json"], { environment });
      await trial.run(0, [...args, "--verbose"], { environment });
    }
    await trial.run(0, ["doctor", "--json"], { environment });
    if (wrong === undefined) return;
    const refused = { [variable(name)]: wrong };
    await trial.run(1, ["storage", "ping", "--verbose"], { environment: refused });
    await trial.run(1, ["doctor", "--verbose"], { environment: refused });
    await trial.git(128, ["fetch", "-v", "origin"], { folder: "app", environment: refused });
    await trial.git(128, ["push", "-v", "origin", "main:other"], { folder: "app", environment: refused });
  });
  expect(filesWith(folder, texts)).toEqual([]);
  expect(filesWith(trial.sandbox.path, texts)).toEqual(isSaved ? ["app/.trunks/app.trunk"] : []);
  await trial.run(0, ["storage", "remove", "primary"]);
  expect(filesWith(trial.sandbox.path, texts)).toEqual([]);
}
