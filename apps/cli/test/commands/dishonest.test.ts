import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ProxyScript } from "@trunks/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { type S3Front, s3Answer, s3Refusal, startS3Front } from "../support/s3-front.ts";
import { Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

/** A real server, which keeps its word, behind a proxy that breaks it. */
describe("versity", () => {
  let started: S3Front | string;
  let front: S3Front;
  let sandbox: Sandbox;

  beforeAll(async () => {
    started = await ifAvailable(startS3Front);
  }, 15 * 60_000);
  afterAll(async () => {
    if (typeof started === "object") await started.stop();
  });
  beforeEach(async (context) => {
    if (typeof started === "string") context.skip(started);
    front = started as S3Front;
    front.proxy.use(() => ({ do: "pass" }));
    sandbox = new Sandbox();
    await sandbox.git(["init", "-q"]);
  });
  afterEach(() => sandbox?.remove());

  const data = () => join(front.server.folder, "data", front.server.bucket);
  const isConditional: (request: Parameters<ProxyScript>[0]) => boolean = ({ method, headers }) =>
    method === "PUT" && headers["if-none-match"] !== undefined;

  async function add(script: ProxyScript, scheme = "s3"): Promise<unknown> {
    front.proxy.use(script);
    const url = front.url("team", scheme);
    const answer = await trunksJson(sandbox, ["storage", "add", "primary", "--url", url], front);
    expect(sandbox.exists(".trunks")).toBe(false);
    return answer;
  }

  /** What the server itself keeps of what was tried out. Folders are its own business. */
  function left(): string[] {
    const files = readdirSync(data(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map(({ name }) => name).filter((name) => name !== "ready");
  }

  test("honest, it is taken, and nothing is left in it", async () => {
    const { status, stderr } = await trunks(sandbox, ["storage", "add", "primary", "--url", front.url("team")], front);
    expect([status, stderr]).toEqual([0, ""]);
    expect(left()).toEqual([]);
  });

  test("one that ignores the condition writes over what is there, and is refused", async () => {
    // The file goes just before the write comes: so it overwrites, as servers did that did not know the header.
    const overwriting: ProxyScript = (request) => {
      if (isConditional(request)) rmSync(join(data(), request.path.split("/").slice(2).join("/")), { force: true });
      return { do: "pass" };
    };
    for (const scheme of ["s3", "minio"]) {
      expect(await add(overwriting, scheme)).toMatchObject({
        code: "NOT_SUPPORTED",
        message: expect.stringMatching(
          /cannot carry trunks: create\/taken: create of a taken key did not answer false$/,
        ),
        hint: expect.stringMatching(
          /^old servers ignore the condition of a write: update yours .* docs\/backends\/s3.md/,
        ),
      });
    }
    expect(left()).toEqual([]);
  });

  test("one that says yes to everybody is refused", async () => {
    const seen = new Set<string>();
    const agreeing: ProxyScript = (request) => {
      if (!isConditional(request) || !seen.has(request.path)) {
        if (isConditional(request)) seen.add(request.path);
        return { do: "pass" };
      }
      return { do: "answer", status: 200, headers: { etag: '"agreed"' } };
    };
    expect(await add(agreeing, "wasabi")).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("create of a taken key did not answer false"),
      hint: expect.stringMatching(/^use another store: docs\/backends\/s3.md/),
    });
    expect(left()).toEqual([]);
  });

  test("one that lets two win, in a race only, is refused", async () => {
    const writers = new Map<string, number>();
    const twofold: ProxyScript = (request) => {
      if (!isConditional(request)) return { do: "pass" };
      const count = (writers.get(request.path) ?? 0) + 1;
      writers.set(request.path, count);
      // More than write to one key in any other case.
      return count === 9 ? { do: "answer", status: 200, headers: { etag: '"second"' } } : { do: "pass" };
    };
    expect(await add(twofold)).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringMatching(/race\/16-small: 16 creates of one key had 2 winners: \d+, \d+$/),
    });
    expect(left()).toEqual([]);
  });

  test("one whose lists miss keys is refused, and tidied up", async () => {
    const forgetful: ProxyScript = ({ query }) =>
      query.has("list-type")
        ? s3Answer(200, "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>")
        : { do: "pass" };
    expect(await add(forgetful)).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("cannot carry trunks: list/shows"),
    });
    expect(left()).toEqual([]);
  });

  test("one that lists to nobody is told apart from a bad store, and tidied up", async () => {
    expect(
      await add(({ query }) => (query.has("list-type") ? s3Refusal(403, "AccessDenied") : { do: "pass" })),
    ).toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringMatching(/^list contract-/),
      hint: expect.stringContaining("s3:ListBucket"),
    });
    expect(left()).toEqual([]);
  });

  test("one that does not know the condition and says so, as B2 does, is refused", async () => {
    const script: ProxyScript = (request) =>
      isConditional(request) ? s3Refusal(501, "NotImplemented") : { do: "pass" };
    expect(await add(script, "b2")).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringMatching(
        /^b2:.* cannot carry trunks: create\/absent: create .* answered 501 NotImplemented/,
      ),
      hint: expect.stringContaining("use another store: docs/backends/s3.md"),
    });
  });

  test("Google's S3 interface is not even tried", async () => {
    const url = "s3://bucket/path?endpoint=https://storage.googleapis.com";
    expect(await trunksJson(sandbox, ["storage", "add", "primary", "--url", url], front)).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("silently ignores"),
      hint: expect.stringContaining("gcs://"),
    });
  });

  test("a bucket that is not there, wrong keys and no right to write are each said", async () => {
    const options = ["storage", "add", "primary", "--url"];
    const missing = front.url("team").replace(front.server.bucket, "absent-bucket");
    expect(await trunksJson(sandbox, [...options, missing], front)).toMatchObject({ code: "NOT_FOUND" });
    const wrong = { environment: { ...front.environment, AWS_SECRET_ACCESS_KEY: "wrong" } };
    expect(await trunksJson(sandbox, [...options, front.url()], wrong)).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(
      await add(({ method }) => (method === "PUT" ? s3Refusal(403, "AccessDenied") : { do: "pass" })),
    ).toMatchObject({
      code: "PERMISSION_DENIED",
    });
  });
});
