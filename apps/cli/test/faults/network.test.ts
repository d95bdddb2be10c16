import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type ProxiedRequest,
  type ProxyAction,
  type S3Server,
  ServerUnavailableError,
  startProxy,
  startVersity,
  type TestProxy,
} from "@trunks/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkedClone } from "../support/clone.ts";
import { type Ending, ending } from "../support/ending.ts";
import { FaultySandbox } from "../support/faulty-sandbox.ts";
import { commit, makeRepository } from "../support/repository.ts";
import { s3Environment, s3Url } from "../support/stores.ts";

/** A server that is new has to be installed once. */
const startTimeoutMs = 15 * 60_000;
/** For what is tried again until patience ends. */
const timeoutMs = 300_000;
const wentWell = { status: 0, messages: "" };

let sandbox: NetworkSandbox;
let server: S3Server;
let missing: string | undefined;
let before: string;
let after: string;

/** In a sandbox in which git finds the credentials. */
class NetworkSandbox extends FaultySandbox {
  override start(...[program, args, options]: Parameters<FaultySandbox["start"]>) {
    const environment = { ...(server && s3Environment(server)), ...options?.environment };
    return super.start(program, args, { ...options, environment });
  }
}

/** `work` is ahead of `before` by a large commit; each test has a trunk of its own at `before`. */
beforeAll(async () => {
  sandbox = new NetworkSandbox();
  try {
    server = await startVersity();
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error;
    missing = error.message;
    return;
  }
  before = await makeRepository(sandbox, "work");
  sandbox.write("work/large", randomBytes(1_500_000));
  await sandbox.git(["add", "large"], { folder: "work" });
  after = await commit(sandbox, "work", "large");
}, startTimeoutMs);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});
afterAll(async () => {
  await sandbox.remove();
  await server?.stop();
});

interface Way {
  /** What goes wrong with a request. */
  fault(request: ProxiedRequest): ProxyAction | undefined;
  /** The backend; `impatient` waits for less than a second. Default `s3`. */
  readonly scheme?: string;
}

interface BadWay {
  readonly proxy: TestProxy;
  /** A trunk's URL through the proxy, and past it. */
  readonly url: string;
  readonly direct: string;
  /** Where the server keeps the trunk's journal. */
  readonly journal: string;
}

/** Works with a trunk behind a proxy on which requests go wrong. The trunk holds `before`, or also `after`. */
async function onBadWay<Answer>(tip: string, way: Way, work: (bad: BadWay) => Promise<Answer>): Promise<Answer> {
  const name = `app-${randomBytes(4).toString("hex")}`;
  const direct = s3Url(server, server.endpoint, name);
  await sandbox.git(["push", "-q", direct, `${before}:refs/heads/main`], { folder: "work" });
  if (tip !== before) await sandbox.git(["push", "-q", direct, `${tip}:refs/heads/main`], { folder: "work" });
  const proxy = await startProxy(server.endpoint, { script: (request) => way.fault(request) ?? { do: "pass" } });
  try {
    const journal = join(server.folder, "data", server.bucket, "trunks", `${name}.trunk`, "journal");
    return await work({ proxy, direct, journal, url: s3Url(server, proxy.endpoint, name, way.scheme) });
  } finally {
    await proxy.stop();
  }
}

/** The first so many requests that fit. */
function first(count: number, action: ProxyAction, fits: (request: ProxiedRequest) => boolean = () => true) {
  let left = count;
  return (request: ProxiedRequest) => (fits(request) && left-- > 0 ? action : undefined);
}

const isPack = ({ method, path }: ProxiedRequest) => method === "GET" && path.endsWith(".pack");
const isRecord = ({ method, path }: ProxiedRequest) => method === "PUT" && path.includes("/journal/");
const busy: ProxyAction = { do: "answer", status: 503, body: "<Error><Code>SlowDown</Code></Error>" };

const push = (url: string) => ending(sandbox, ["push", "-q", url, "main"], { folder: "work" });
let clones = 0;
const clone = (url: string) => ending(sandbox, ["clone", "-q", url, `clone-${clones++}`]);

describe("what passes by itself", () => {
  const faults: [string, (of: (request: ProxiedRequest) => boolean) => Way][] = [
    ["a server that is busy for four requests", () => ({ fault: first(4, busy) })],
    ["a server error for four requests", () => ({ fault: first(4, { do: "answer", status: 500 }) })],
    ["connections that are reset before anything was done", () => ({ fault: first(4, { do: "reset-before" }) })],
    ["connections that are reset when all was done", () => ({ fault: first(4, { do: "reset-after" }) })],
    ["no answer to the first requests", () => ({ fault: first(3, { do: "hang" }), scheme: "impatient" })],
    ["a reset when the main thing was done", (fits) => ({ fault: first(1, { do: "reset-after" }, fits) })],
    ["a reset before the main thing was done", (fits) => ({ fault: first(1, { do: "reset-before" }, fits) })],
    ["no answer to the main thing", (fits) => ({ fault: first(1, { do: "hang" }, fits), scheme: "impatient" })],
  ];

  test.each(faults)("%s: a push goes through once", async (_, way) => {
    await onBadWay(before, way(isRecord), async ({ url, direct, journal }) => {
      expect(await push(url)).toEqual(wentWell);
      expect((await checkedClone(sandbox, direct)).refs).toEqual([`${after} refs/heads/main`]);
      expect(await push(direct)).toEqual(wentWell);
      expect(readdirSync(journal)).toHaveLength(2);
    });
  });

  test.each([
    ...faults,
    ["bodies that are cut", (fits) => ({ fault: first(3, { do: "cut", bodyBytes: 300_000 }, fits) })],
    [
      "bodies that stop",
      (fits) => ({ fault: first(2, { do: "stall", bodyBytes: 300_000 }, fits), scheme: "impatient" }),
    ],
  ] as typeof faults)("%s: a clone arrives whole", async (_, way) => {
    await onBadWay(after, way(isPack), async ({ url }) => {
      expect((await checkedClone(sandbox, url)).refs).toEqual([`${after} refs/heads/main`]);
    });
  });

  test("a body that is changed on its way up: the store notices, and it is sent again", async () => {
    const isUpload = ({ method, path }: ProxiedRequest) => method === "PUT" && path.endsWith(".pack");
    await onBadWay(
      before,
      { fault: first(1, { do: "alter", corruptBody: true }, isUpload) },
      async ({ url, direct }) => {
        expect(await push(url)).toEqual(wentWell);
        expect((await checkedClone(sandbox, direct)).refs).toEqual([`${after} refs/heads/main`]);
      },
    );
  });
});

describe("what does not pass", () => {
  /** Both commands fail with such a message, nothing is left of them, and when the way is good again both work. */
  async function failsUntilGood(way: Way, message: RegExp): Promise<void> {
    await onBadWay(before, way, async ({ url, direct, proxy }) => {
      const failed: Ending[] = await Promise.all([clone(url), push(url)]);
      for (const { status, messages } of failed) {
        expect([status, messages]).toEqual([128, expect.stringMatching(/^fatal: [^\n]+\n(hint: [^\n]+\n)?$/)]);
        expect(messages).toMatch(message);
      }
      expect(await mainOf(direct)).toBe(before);
      proxy.use(() => ({ do: "pass" }));
      expect(await clone(url)).toEqual(wentWell);
      expect(await push(url)).toEqual(wentWell);
      expect(await mainOf(direct)).toBe(after);
    });
  }

  async function mainOf(url: string): Promise<string> {
    return (await sandbox.git(["ls-remote", url, "refs/heads/main"])).slice(0, before.length);
  }

  const answer = (status: number, body = "", headers: Record<string, string> = {}): Way => ({
    fault: () => ({ do: "answer", status, body, headers }),
  });

  test.each([
    [
      "a server that asks to come back in an hour",
      answer(503, "", { "retry-after": "3600" }),
      /gave up after 1 attempt/,
    ],
    ["a web page in place of every answer", answer(200, "<html>log in</html>", { "content-type": "text/html" }), /./],
    ["no answer but 404", answer(404), /404/],
    ["no answer but 403", answer(403), /403/],
    ["no answer but 400", answer(400), /400/],
    ["a redirect to somewhere else", answer(301, "", { location: "http://127.0.0.1:9/" }), /301/],
  ])("%s", async (_, way, message) => failsUntilGood(way, message));

  describe.concurrent("patience ends", () => {
    test(
      "a server that is busy for ever",
      () => failsUntilGood({ fault: () => busy }, /gave up after 12 attempts .*503/),
      timeoutMs,
    );
    test(
      "a server that resets every connection",
      () => failsUntilGood({ fault: () => ({ do: "reset-before" }) }, /gave up after 12 attempts/),
      timeoutMs,
    );
    test(
      "a server that never answers",
      () =>
        failsUntilGood(
          { fault: () => ({ do: "hang" }), scheme: "impatient" },
          /gave up after 12 attempts .*gave no answer/,
        ),
      timeoutMs,
    );
  });

  test("a signal ends the wait for a server that never answers", async () => {
    await onBadWay(before, { fault: () => ({ do: "hang" }) }, async ({ url, proxy }) => {
      // A group of processes, as a terminal makes one for each command.
      const child = sandbox.start("setsid", ["git", "clone", "-q", url, "interrupted"]);
      await expect.poll(() => proxy.requests.length, { timeout: timeoutMs }).toBeGreaterThan(0);
      process.kill(-(child.pid as number), "SIGINT");
      await once(child, "close");
      expect(sandbox.exists("interrupted")).toBe(false);
    });
  });
});

describe("a server that lies about sizes never makes a wrong repository", () => {
  const lies: [string, Record<string, string | undefined>][] = [
    ["a content-length that is too small", { "content-length": "1000" }],
    ["a content-length that is too large", { "content-length": "9000000" }],
    ["no content-length", { "content-length": undefined }],
    ["a content-range of another size", { "content-range": "bytes 0-999/1000" }],
    ["a content-range of a larger size", { "content-range": "bytes 0-8999999/9000000" }],
  ];

  test.each(lies)(
    "%s",
    async (_, headers) => {
      const way: Way = {
        fault: (request) => (isPack(request) ? { do: "rewrite", headers } : undefined),
        scheme: "impatient",
      };
      await onBadWay(after, way, async ({ url }) => {
        const name = `clone-${clones}`;
        const { status, messages } = await clone(url);
        if (status === 0) {
          expect(await sandbox.git(["rev-parse", "HEAD"], { folder: name })).toBe(after);
          await sandbox.git(["fsck", "--full", "--strict"], { folder: name });
        } else {
          expect([status, messages]).toEqual([128, expect.stringMatching(/^fatal: [^\n]+\n(hint: [^\n]+\n)?$/)]);
          expect(sandbox.exists(name)).toBe(false);
        }
      });
    },
    timeoutMs,
  );
});
