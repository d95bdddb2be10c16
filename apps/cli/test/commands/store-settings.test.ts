import { makeBucket, type S3Server, startSeaweed, startVersity } from "@trunks/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { Sandbox } from "../support/sandbox.ts";
import { s3Environment } from "../support/stores.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

interface Findings {
  readonly data: readonly { readonly name: string; readonly status: string; readonly detail: string }[];
}

/** Buckets that do something by themselves, on real servers, as a user is told of them. */
describe.each([
  ["versity", startVersity],
  ["seaweed", startSeaweed],
] as const)("%s", (name, start) => {
  let started: S3Server | string;
  let server: S3Server;
  let sandbox: Sandbox;

  beforeAll(async () => {
    started = await ifAvailable(start);
  }, 15 * 60_000);
  afterAll(async () => {
    if (typeof started === "object") await started.stop();
  });
  beforeEach(async (context) => {
    if (typeof started === "string") context.skip(started);
    server = started as S3Server;
    sandbox = new Sandbox();
    await sandbox.git(["init", "-q"]);
  });
  afterEach(() => sandbox?.remove());

  const ask = (...args: string[]) => trunks(sandbox, args, { environment: s3Environment(server) });

  async function add(bucket: string) {
    const url = `s3://${bucket}?endpoint=${encodeURIComponent(server.endpoint)}&region=${server.region}`;
    const { status, stderr } = await ask("storage", "add", "primary", "--url", url);
    expect(status, stderr).toBe(0);
    await sandbox.git(["remote", "add", "origin", "trunks://primary/app"]);
    return stderr;
  }

  /** What the doctor says of the store's own settings, and how it ended. */
  async function examine() {
    const { status, stdout } = await ask("doctor", "--json");
    const { data } = JSON.parse(stdout) as Findings;
    const found = data.filter(({ name }) => name.startsWith("storage primary, "));
    return {
      status,
      found: Object.fromEntries(found.map((each) => [each.name.replace("storage primary, ", ""), each])),
    };
  }

  test("one that does nothing by itself is not warned of", async () => {
    expect(await add(await makeBucket(server, {}))).toBe("");
    const { found } = await examine();
    expect(Object.values(found).map(({ status }) => status)).not.toContain("warning");
    // What a server does not tell is no reassurance.
    expect(found["life cycle"]?.status).toBe(name === "versity" ? "unknown" : "ok");
  });

  // The gateway keeps no life-cycle rules, and versions only where it was started with a folder for them. Without those a lock
  // refuses a create of a taken key in its own way, and the bucket is of no use.
  if (name === "versity") {
    test("one that locks what is written is refused, with the reason", async () => {
      const bucket = await makeBucket(server, { locksForDays: 30 });
      const url = `s3://${bucket}?endpoint=${encodeURIComponent(server.endpoint)}&region=${server.region}`;
      const answer = await ask("storage", "add", "primary", "--json", "--url", url);
      expect(JSON.parse(answer.stdout)).toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringContaining("object lock"),
        hint: expect.stringContaining("without default retention"),
      });
    });
    return;
  }

  test("a bucket that locks what is written works, and is warned of", async () => {
    const told = await add(await makeBucket(server, { locksForDays: 30 }));
    const warning = "warning: object lock: on: whatever is written stays for 30 days (GOVERNANCE)";
    expect(told).toContain(warning);
    expect((await ask("storage", "ping")).stderr).toContain(warning);
    const { status, found } = await examine();
    expect(status).toBe(0);
    expect(found["object lock"]).toMatchObject({
      status: "warning",
      hint: expect.stringContaining("default retention"),
    });
  });

  test("one that deletes by age and keeps old versions is warned of, by each command that looks", async () => {
    const told = await add(await makeBucket(server, { deletesAfterDays: 30, keepsVersions: true }));
    const deleting = 'the rule "tidy" deletes trunks\' files after 30 days: history will be lost';
    expect(told).toContain(`warning: life cycle: ${deleting}\nhint: take trunks' path out of the rule "tidy"`);
    expect(told).toContain("warning: versioning: on: what upkeep deletes stays in the bucket, and is paid for");
    const { findings } = await trunksJson<{ findings: Findings["data"] }>(sandbox, ["storage", "ping"], {
      environment: s3Environment(server),
    });
    expect(findings.map(({ name, status }) => [name, status])).toEqual([
      ["versioning", "warning"],
      ["object lock", "ok"],
      ["life cycle", "warning"],
    ]);
    const { status, found } = await examine();
    expect(status).toBe(0);
    expect(found["life cycle"]).toMatchObject({ status: "warning", detail: deleting });
    expect(found.versioning?.status).toBe("warning");
  });
});
