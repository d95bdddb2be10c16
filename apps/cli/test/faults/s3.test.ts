import {
  type ProxiedRequest,
  type ProxyScript,
  type S3Server,
  ServerUnavailableError,
  startProxy,
  startSeaweed,
  startVersity,
} from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { said } from "../support/messages.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { s3Environment, s3Url } from "../support/stores.ts";

/** Servers that are new have to be installed once. */
const startTimeoutMs = 15 * 60_000;

const wentWell = { status: 0, messages: "" };

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

  /** The server behind a proxy that answers some requests by itself. */
  async function onBadWay(
    fault: (request: ProxiedRequest) => boolean,
    code: string,
    work: (url: string) => Promise<void>,
  ) {
    const body = `<Error><Code>${code}</Code><Message>no</Message></Error>`;
    const headers = { "content-type": "application/xml" };
    const script: ProxyScript = (request) =>
      fault(request) ? { do: "answer", status: 403, headers, body } : { do: "pass" };
    const proxy = await startProxy(server.endpoint, { script });
    try {
      await work(s3Url(server, proxy.endpoint, "app"));
    } finally {
      await proxy.stop();
    }
  }

  test("credentials that expire in the middle of a push, and cannot be renewed", () =>
    onBadWay(
      ({ method }) => method === "PUT",
      "ExpiredToken",
      async (target) => {
        expect(await git(["push", "-q", target, "main"])).toEqual({
          status: 1,
          messages: said(/403 ExpiredToken/, /log in again: the credentials have expired/),
        });
      },
    ));

  test("a clock that is wrong by 20 minutes is put right by the store's", async () => {
    const shift = `const now=Date.now;const Real=Date;globalThis.Date=class extends Real{constructor(...given){super(...(given.length===0?[now()+1200000]:given))}static now(){return now()+1200000}}`;
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
    const proxy = await startProxy(server.endpoint);
    try {
      const target = s3Url(server, proxy.endpoint, "app");
      expect(await git(["push", "-q", target, "main:refs/heads/late"], environment)).toEqual(wentWell);
      const dates = proxy.requests.map(({ headers }) => minutesOf(headers["x-amz-date"]));
      expect((dates[0] as number) - (dates.at(-1) as number)).toBeGreaterThan(15);
    } finally {
      await proxy.stop();
    }
  });

  test("a clock that cannot be put right is named", () =>
    onBadWay(
      () => true,
      "RequestTimeTooSkewed",
      async (target) => {
        for (const args of commands(target)) {
          const messages = said(/403 RequestTimeTooSkewed/, /set this machine's clock/);
          expect([args[0], await git(args)]).toEqual([args[0], { status: 128, messages }]);
        }
      },
    ));

  // Amazon has rights of their own for it; these servers have not.
  test("one who may not list", () =>
    onBadWay(
      ({ query }) => query.has("list-type"),
      "AccessDenied",
      async (target) => {
        for (const args of commands(target)) {
          const messages = said(/403 AccessDenied/, /s3:ListBucket/);
          expect([args[0], await git(args)]).toEqual([args[0], { status: 128, messages }]);
        }
      },
    ));

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

/** As S3 writes it in requests: `20260102T030405Z`. */
function minutesOf(date: string | string[] | undefined): number {
  return Date.parse(String(date).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 60_000;
}
