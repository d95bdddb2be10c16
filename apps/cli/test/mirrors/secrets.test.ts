import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type S3Server, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { type CommandOptions, Sandbox } from "../support/sandbox.ts";
import { filesWith, forms } from "../support/secret-search.ts";
import { trunks } from "../support/trunks.ts";
import { installVault } from "../support/vault.ts";

const wrong = "a-wrong-secret-that-nobody-shall-see";
/** The one that the vault wants, and one in its URL. */
const vaultSecret = "hunter2";
const inUrl = "a-token-that-stands-in-a-url";

let server: S3Server | string;
let sandbox: Sandbox;
const said: string[] = [];

beforeAll(async () => {
  server = await ifAvailable(startVersity);
  sandbox = new Sandbox();
}, 15 * 60_000);

afterAll(async () => {
  await sandbox.remove();
  if (typeof server === "object") await server.stop();
});

test("versity, and a folder that mirror one another: no secret is in a store, in what is said, or a file but the settings", async (context) => {
  if (typeof server === "string") return context.skip(server);
  const { accessKey, secretKey, endpoint, region, bucket, folder } = server;
  const environment = installVault(sandbox);
  const texts = [secretKey, wrong, vaultSecret, inUrl].flatMap(forms);
  await makeRepository(sandbox, "app");
  mkdirSync(join(sandbox.path, "second"));

  async function run(status: number, args: readonly string[], options: CommandOptions = {}): Promise<void> {
    for (const form of args.includes("--secret-key") ? ["--verbose"] : ["--json", "--verbose"]) {
      const result = await trunks(sandbox, [...args, form], { folder: "app", environment, ...options });
      said.push(result.stdout, result.stderr);
      expect([args.join(" "), result.status]).toEqual([args.join(" "), status]);
    }
  }
  async function git(fits: (status: number | string) => boolean, args: readonly string[], other: object = {}) {
    const traces = { GIT_TRACE: "1", GIT_TRACE_PACKET: "1", GIT_TRANSPORT_HELPER_DEBUG: "1", GIT_TRACE2_EVENT: "1" };
    const result = await sandbox.tryGit(args, { folder: "app", environment: { ...environment, ...traces, ...other } });
    said.push(result.stdout.toString("latin1"), result.stderr.toString("latin1"));
    expect([args.join(" "), fits(result.status)]).toEqual([args.join(" "), true]);
  }
  const well = (status: number | string) => status === 0;
  const badly = (status: number | string) => status !== 0;

  const s3 = ["--backend", "s3", "--bucket", bucket, "--path", "team", "--endpoint", endpoint, "--region", region];
  const keys = ["--access-key", accessKey, "--secret-key", "-"];
  const shelf = (name: string) => `vault://${sandbox.path}/${name}?token=${inUrl}`;
  await run(0, ["storage", "add", "primary", ...s3, ...keys], { input: `${secretKey}\n` });
  await run(0, ["init"]);
  await git(well, ["push", "-v", "origin", "main"]);
  await run(0, ["storage", "add", "shelf", "--url", shelf("store"), "--secret-key", "-", "--mirror"], {
    input: `${vaultSecret}\n`,
  });
  const lagging = ["storage", "add", "far", "--url", shelf("second"), "--secret-key", "-", "--mirror=lagging"];
  await run(0, lagging, { input: `${vaultSecret}\n` });
  await commit(sandbox, "app", "second");
  await git(well, ["push", "-v", "origin", "main"]);
  for (const args of [["list"], ["show", "shelf"], ["ping", "shelf"], ["sync"]]) await run(0, ["storage", ...args]);

  // A mirror that wants another secret, and a clone that has none.
  const refused = { TRUNKS_STORAGE_SHELF_SECRET_KEY: wrong, TRUNKS_STORAGE_FAR_SECRET_KEY: wrong };
  await commit(sandbox, "app", "third");
  await git(badly, ["push", "-v", "origin", "main"], refused);
  await run(1, ["storage", "sync"], { environment: { ...environment, ...refused } });
  await run(0, ["storage", "list"], { environment: { ...environment, ...refused } });
  const aws = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_EC2_METADATA_DISABLED: "true" };
  const url = `trunks::s3://${bucket}/team/app?endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
  await git(well, ["clone", "-v", url, "../clone"], aws);
  await git(badly, ["-C", "../clone", "push", "-v", "origin", "main:other"], aws);
  await git(well, ["push", "-v", "origin", "main"]);

  // The primary goes, and the shelf takes its place.
  const [data, aside] = [join(folder, "data", bucket), join(folder, "data", "aside")];
  renameSync(data, aside);
  await git(well, ["fetch", "-v", "origin"]);
  await run(0, ["storage", "promote", "shelf", "--gone", "primary"]);
  await git(well, ["remote", "set-url", "origin", "trunks://shelf/app"]);
  await git(well, ["push", "-v", "origin", "main:fourth"]);
  renameSync(aside, data);
  await git(badly, ["push", "-v", "trunks://primary/app", "main:fifth"]);
  await run(0, ["storage", "sync", "primary"]);

  const everything = said.join("\n");
  expect(everything).toMatch(/reading from its mirror shelf/);
  expect(everything).toMatch(/shelf was made the primary since/);
  const exposing = said
    .flatMap((text) => text.split("\n"))
    .filter((line) => texts.some((secret) => line.includes(secret)));
  expect(exposing).toEqual([]);
  // Every byte of every store.
  for (const store of [data, join(sandbox.path, "store"), join(sandbox.path, "second")]) {
    expect([store, filesWith(store, texts)]).toEqual([store, []]);
    expect(filesWith(store, ["trunks record 1"]).length).toBeGreaterThan(4);
  }
  expect(filesWith(sandbox.path, texts)).toEqual(["app/.trunks/app.trunk", "backends/trunks-backend-vault/main.js"]);
}, 300_000);
