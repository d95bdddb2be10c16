import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type S3Server, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { makeRepository } from "../support/repository.ts";
import { type CommandOptions, Sandbox } from "../support/sandbox.ts";
import { filesWith, forms } from "../support/secret-search.ts";
import { trunks } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

const watcher = join(import.meta.dirname, "..", "support", "command-lines.mjs");
const wrong = "a-wrong-secret-that-nobody-shall-see";
/** The one that the vault wants. */
const vaultSecret = "hunter2";

let server: S3Server | string;
let sandbox: Sandbox;
let said: string[];

beforeAll(async () => {
  server = await ifAvailable(startVersity);
  sandbox = new Sandbox();
  said = [];
}, 15 * 60_000);

afterAll(async () => {
  await sandbox.remove();
  if (typeof server === "object") await server.stop();
});

/** Runs a command as talkative as it can be, and keeps what it says. */
async function run(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
  const result = await trunks(sandbox, args, { folder: "app", ...options });
  said.push(result.stdout, result.stderr);
  expect([args.join(" "), result.status, result.status === status ? "" : result.stderr]).toEqual([
    args.join(" "),
    status,
    "",
  ]);
}

async function git(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
  const traces = { GIT_TRACE: "1", GIT_TRACE_PACKET: "1", GIT_TRANSPORT_HELPER_DEBUG: "1", GIT_TRACE2_EVENT: "1" };
  const environment = { ...traces, ...options.environment };
  const result = await sandbox.tryGit(["-c", "trunks.verify=connectivity", ...args], { ...options, environment });
  said.push(result.stdout.toString("latin1"), result.stderr.toString("latin1"));
  expect([args.join(" "), result.status]).toEqual([args.join(" "), status]);
}

test("versity, and a folder: no secret is in the store, in what is said, in a command line or a file but the settings", async (context) => {
  if (typeof server === "string") return context.skip(server);
  const { accessKey, secretKey, endpoint, region, bucket, folder } = server;
  const vault = installVault(sandbox);
  const secrets = [secretKey, wrong, vaultSecret];
  const texts = secrets.flatMap(forms);
  await makeRepository(sandbox, "app");

  const watching = sandbox.start(process.execPath, [watcher]);
  await once(watching.stdout, "data");
  watching.stdin.write([sandbox.path, ...texts].map((line) => `${line}\n`).join(""));

  // Two storages, the S3 one with everything inline, and the same by environment alone.
  const s3 = ["--backend", "s3", "--bucket", bucket, "--path", "team", "--endpoint", endpoint, "--region", region];
  const s3Url = `s3://${bucket}/team?endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
  await run(1, ["storage", "add", "primary", ...s3, "--access-key", accessKey, "--secret-key", "-", "--verbose"], {
    input: `${wrong}\n`,
  });
  await run(0, ["storage", "add", "primary", ...s3, "--access-key", accessKey, "--secret-key", "-", "--verbose"], {
    input: `${secretKey}\n`,
  });
  const folderUrl = `vault://${sandbox.path}/store`;
  await run(0, ["storage", "add", "shelf", "--url", folderUrl, "--secret-key", "-", "--json"], {
    input: `${vaultSecret}\n`,
    environment: vault,
  });
  const inCi = {
    TRUNKS_STORAGE_IN_CI_URL: s3Url,
    TRUNKS_STORAGE_IN_CI_ACCESS_KEY: accessKey,
    TRUNKS_STORAGE_IN_CI_SECRET_KEY: secretKey,
  };

  const environment = { ...vault, ...inCi };
  await run(0, ["init", "--verbose"], { environment });
  await git(0, ["push", "-v", "--progress", "origin", "main"], { folder: "app", environment });
  await git(0, ["push", "-v", "trunks://shelf/app", "main"], { folder: "app", environment });
  await git(0, ["clone", "-v", "trunks://in-ci/app", "clone"], { environment });
  await git(0, ["fetch", "-v", "origin"], { folder: "app", environment });
  for (const args of [
    ["storage", "show"],
    ["storage", "show", "shelf"],
    ["storage", "list"],
    ["status"],
    ["check", "--remote"],
  ]) {
    await run(0, [...args, "--json"], { environment });
    await run(0, [...args, "--verbose"], { environment });
  }
  await run(0, ["storage", "ping", "--verbose"], { environment });
  await run(0, ["doctor", "--json"], { environment });
  await run(0, ["storage", "update", "primary", "--region", region, "--verbose"], { environment });

  // Failed log-ins.
  const refused = { ...environment, TRUNKS_STORAGE_PRIMARY_SECRET_KEY: wrong, TRUNKS_STORAGE_SHELF_SECRET_KEY: wrong };
  await run(1, ["storage", "ping", "--verbose"], { environment: refused });
  await run(1, ["storage", "ping", "shelf", "--verbose"], { environment: refused });
  await run(1, ["doctor", "--verbose"], { environment: refused });
  await run(1, ["storage", "update", "primary", "--secret-key", "-", "--json"], { environment, input: `${wrong}\n` });
  await git(128, ["fetch", "-v", "origin"], { folder: "app", environment: refused });
  await git(128, ["push", "-v", "trunks://shelf/app", "main:other"], { folder: "app", environment: refused });
  await git(128, ["clone", "-v", "trunks://in-ci/app", "never"], {
    environment: { ...inCi, TRUNKS_STORAGE_IN_CI_SECRET_KEY: wrong },
  });

  const everything = said.join("\n");
  expect(everything.length).toBeGreaterThan(10_000);
  for (const secret of texts) expect(everything).not.toContain(secret);
  expect(filesWith(folder, texts)).toEqual([]);
  expect(readdirSync(join(folder, "data", bucket, "team", "trunks"))).toEqual(["app.trunk"]);
  // The test's own backend has its secret in its source.
  const own = "backends/trunks-backend-vault/main.js";
  expect(filesWith(sandbox.path, texts)).toEqual(["app/.trunks/app.trunk", own]);

  watching.stdin.end();
  const [report] = (await once(watching.stdout, "data")) as [Buffer];
  const { seen, exposed } = JSON.parse(report.toString());
  expect(exposed).toEqual([]);
  expect(seen).toBeGreaterThan(10);

  await run(0, ["storage", "remove", "primary"]);
  await run(0, ["storage", "remove", "shelf"]);
  expect(filesWith(sandbox.path, texts)).toEqual([own]);
}, 120_000);
