import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type S3Server, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { makeRepository } from "../support/repository.ts";
import { filesWith } from "../support/secret-search.ts";
import { SecretTrial } from "../support/secret-trial.ts";
import { installVault } from "../support/vault.ts";

const wrong = "a-wrong-secret-that-nobody-shall-see";
/** The one that the vault wants. */
const vaultSecret = "hunter2";

let server: S3Server | string;
let trial: SecretTrial;

beforeAll(async () => {
  server = await ifAvailable(startVersity);
  trial = new SecretTrial();
}, 15 * 60_000);

afterAll(async () => {
  await trial.sandbox.remove();
  if (typeof server === "object") await server.stop();
});

test(
  "versity, and a folder: no secret is in the store, in what is said, in a command line or a file but the settings",
  async (context) => {
    if (typeof server === "string") return context.skip(server);
    const { accessKey, secretKey, endpoint, region, bucket, folder } = server;
    const { sandbox } = trial;
    const run = trial.run.bind(trial);
    const git = trial.git.bind(trial);
    const vault = installVault(sandbox);
    await makeRepository(sandbox, "app");

    const texts = await trial.hides([secretKey, wrong, vaultSecret], async () => {
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
      const refused = {
        ...environment,
        TRUNKS_STORAGE_PRIMARY_SECRET_KEY: wrong,
        TRUNKS_STORAGE_SHELF_SECRET_KEY: wrong,
      };
      await run(1, ["storage", "ping", "--verbose"], { environment: refused });
      await run(1, ["storage", "ping", "shelf", "--verbose"], { environment: refused });
      await run(1, ["doctor", "--verbose"], { environment: refused });
      await run(1, ["storage", "update", "primary", "--secret-key", "-", "--json"], {
        environment,
        input: `${wrong}\n`,
      });
      await git(128, ["fetch", "-v", "origin"], { folder: "app", environment: refused });
      await git(128, ["push", "-v", "trunks://shelf/app", "main:other"], { folder: "app", environment: refused });
      await git(128, ["clone", "-v", "trunks://in-ci/app", "never"], {
        environment: { ...inCi, TRUNKS_STORAGE_IN_CI_SECRET_KEY: wrong },
      });
    });

    expect(filesWith(folder, texts)).toEqual([]);
    expect(readdirSync(join(folder, "data", bucket, "team", "trunks"))).toEqual(["app.trunk"]);
    // The test's own backend has its secret in its source.
    const own = "backends/trunks-backend-vault/main.js";
    expect(filesWith(sandbox.path, texts)).toEqual(["app/.trunks/app.trunk", own]);

    await run(0, ["storage", "remove", "primary"]);
    await run(0, ["storage", "remove", "shelf"]);
    expect(filesWith(sandbox.path, texts)).toEqual([own]);
  },
  15 * 60_000,
);
