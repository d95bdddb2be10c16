import { openPostgres } from "@trunks/backend-postgres";
import { type PostgresServer, ServerUnavailableError, startPostgres } from "@trunks/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sandbox } from "../support/sandbox.ts";

let sandbox: Sandbox;
let server: PostgresServer | undefined;

beforeAll(async () => {
  sandbox = new Sandbox();
  server = await startPostgres().catch((error: unknown) => {
    if (error instanceof ServerUnavailableError && process.env.CI !== "true") return undefined;
    throw error;
  });
});
afterAll(async () => {
  await server?.stop();
  await sandbox.remove();
});

test("postgres: git pushes to a database, clones from it, and fetches what another pushed", async ({ skip }) => {
  if (server === undefined) return skip("this machine cannot have the server");
  const { host, port, user, database, password } = server;
  const environment = { PGPASSWORD: password };
  const url = `trunks::postgres://${user}@${host}:${port}/${database}/app`;
  const git = (folder: string, ...args: string[]) => sandbox.git(args, { folder, environment });

  await git("", "init", "-q", "first");
  sandbox.write("first/small", "one\n");
  // More than a row holds, and nothing that could be packed smaller.
  for (let part = 0; part < 40; part++) {
    sandbox.write(`first/parts/${part}`, crypto.getRandomValues(new Uint8Array(65_536)));
  }
  await git("first", "add", "--all");
  await git("first", "commit", "-qm", "one");
  await git("first", "remote", "add", "origin", url);
  await git("first", "push", "-q", "origin", "main");

  await git("", "clone", "-q", url, "second");
  expect(await git("second", "rev-parse", "HEAD")).toBe(await git("first", "rev-parse", "HEAD"));
  expect(await git("second", "fsck", "--full")).toBe("");
  sandbox.write("second/small", "two\n");
  await git("second", "commit", "-qam", "two");
  await git("second", "push", "-q", "origin", "main", "HEAD:refs/heads/topic");

  await git("first", "fetch", "-q", "origin");
  expect(await git("first", "show", "origin/topic:small")).toBe("two");
  const late = await sandbox.tryGit(["push", "origin", "HEAD~0:refs/heads/topic"], { folder: "first", environment });
  expect([late.status, String(late.stderr)]).toEqual([1, expect.stringContaining("rejected")]);

  const backend = await openPostgres({ host, port, user, password, database });
  const { keys } = await backend.list("trunks/app.trunk/journal/");
  await backend.close();
  expect(keys).toHaveLength(2);
});
