import { type S3Server, ServerUnavailableError, startSeaweed, startVersity } from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { s3Environment, s3Url } from "../support/stores.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;

const wentWell = { status: 0, messages: "" };

/** One line that says what is wrong, and one that says what to do. */
function said(what: RegExp, hint: RegExp): unknown {
  return expect.stringMatching(
    new RegExp(
      `^fatal: [^\n]*${what.source}[^\n]*\nhint: [^\n]*${hint.source}[^\n]*\n(error: failed to push [^\n]*\n)?$`,
    ),
  );
}

describe.each([
  ["versity", startVersity],
  ["seaweed", startSeaweed],
] as const)("%s", (_, start) => {
  let sandbox: FaultySandbox;
  let server: S3Server;
  let missing: string | undefined;
  let id: string;

  beforeAll(async () => {
    sandbox = new FaultySandbox();
    try {
      server = await start();
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      missing = error.message;
      return;
    }
    id = await makeRepository(sandbox, "work");
    expect(await git(["push", "-q", url(), "main"])).toMatchObject({ status: 0 });
    await commit(sandbox, "work", "second");
  }, startTimeoutMs);
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  afterAll(async () => {
    await sandbox.remove();
    await server?.stop();
  });

  const url = () => s3Url(server, server.endpoint, "app");
  function git(args: readonly string[], environment: Record<string, string> = {}) {
    return ending(sandbox, args, { folder: "work", environment: { ...s3Environment(server), ...environment } });
  }
  const commands = (target: string): string[][] => [
    ["ls-remote", target],
    ["clone", "-q", target, "../clone"],
    ["push", "-q", target, "main"],
  ];

  test("no such bucket", async () => {
    const target = s3Url({ ...server, bucket: "no-such-bucket" }, server.endpoint, "app");
    for (const args of commands(target)) {
      const expected = { status: 128, messages: said(/NoSuchBucket/, /create the bucket, or check its name/) };
      expect([args[0], await git(args)]).toEqual([args[0], expected]);
    }
  });

  test.each([
    ["a wrong secret", () => ({ AWS_SECRET_ACCESS_KEY: "wrong" })],
    ["an unknown key", () => ({ AWS_ACCESS_KEY_ID: "nobody" })],
    ["no credentials", () => ({ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" })],
  ])("%s", async (_, environment) => {
    for (const args of commands(url())) {
      const { status, messages } = await git(args, environment());
      const expected = [args[0], 128, said(/./, /(access key|AWS_ACCESS_KEY_ID)/)];
      expect([args[0], status, messages]).toEqual(expected);
      expect(messages).not.toContain(server.secretKey);
    }
    expect(sandbox.exists("clone")).toBe(false);
  });

  // Versity has one user.
  if (start === startSeaweed)
    test("one who may only read: fetches work, a push says which rights it needs", async () => {
      const { accessKey, secretKey } = server.reader as NonNullable<S3Server["reader"]>;
      const environment = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
      expect(await git(["fetch", "-q", url(), "main"], environment)).toEqual(wentWell);
      expect(await git(["push", "-q", url(), "main"], environment)).toEqual({
        status: 1,
        messages: said(/403 AccessDenied/, /the credentials need s3:GetObject, s3:PutObject/),
      });
      expect((await git(["ls-remote", "--exit-code", url(), id])).status).toBe(2);
      expect(await sandbox.git(["ls-remote", url(), "main"], { environment: s3Environment(server) })).toMatch(id);
    });
});
