import type { ProxyAction, ProxyScript } from "@trunks/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import { makeRepository } from "../support/repository.ts";
import { type S3Front, s3Refusal, startS3Front } from "../support/s3-front.ts";
import { type CommandOptions, Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

/** Loaded into each Node before its program: the clock that JavaScript sees is wrong. The machine's own stays as it is. */
const wrongClock = `const Right = Date;
const aheadMs = Number(process.env.CLOCK_AHEAD_MINUTES) * 60_000;
globalThis.Date = class Date extends Right {
  constructor(...given) {
    super(...(given.length === 0 ? [Right.now() + aheadMs] : given));
  }
  static now() {
    return Right.now() + aheadMs;
  }
};
`;

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
    sandbox.write("clock.mjs", wrongClock);
    await makeRepository(sandbox, "work");
  });
  afterEach(() => sandbox?.remove());

  /** Of somebody whose clock is so many minutes ahead. */
  const user = (minutes: number) => ({
    folder: "work",
    environment: {
      ...front.environment,
      NODE_OPTIONS: `--import=${sandbox.path}/clock.mjs`,
      CLOCK_AHEAD_MINUTES: String(minutes),
    },
  });

  async function countRequests(options: CommandOptions): Promise<number> {
    const before = front.proxy.requests.length;
    expect((await trunks(sandbox, ["storage", "ping"], options)).status).toBe(0);
    return front.proxy.requests.length - before;
  }

  test.each([
    [20, "ahead of"],
    [-20, "behind"],
  ])("a clock that is wrong by %d minutes does no harm to pushes, and doctor says so", async (minutes, side) => {
    const options = user(minutes);
    const url = front.url(`team${minutes}`);
    expect((await trunks(sandbox, ["storage", "add", "primary", "--url", url], options)).status).toBe(0);
    // The first request is refused, and repeated by the store's clock.
    expect(await countRequests(options)).toBeGreaterThan(await countRequests(user(0)));
    await sandbox.git(["push", "-q", `trunks::${front.url(`team${minutes}/app`)}`, "main"], options);
    const { data } = await trunksJson<{ data: { name: string }[] }>(sandbox, ["doctor"], options);
    expect(data.find(({ name }) => name === "storage primary")).toMatchObject({
      status: "warning",
      detail: `answers, but this machine's clock is 20 min ${side} the store's`,
      hint: expect.stringMatching(/^set the clock/),
    });
  });

  test.each([
    [20, "ahead of"],
    [-20, "behind"],
  ])("a store that refuses all the same: git push says by how much the clock is wrong (%d)", async (minutes, side) => {
    front.proxy.use(refusing("RequestTimeTooSkewed"));
    const push = ["push", `trunks::${front.url("refused/app")}`, "main"];
    const { status, stderr } = await sandbox.tryGit(push, user(minutes));
    expect(status).toBe(128);
    expect(String(stderr)).toMatch(new RegExp(`this machine's clock is 20 minutes ${side} the store's`));
    expect(String(stderr)).toContain("set this machine's clock");
  });
});

/** What a store says at the right time. */
function refusing(code: string): ProxyScript {
  return (): ProxyAction => {
    const refusal = s3Refusal(403, code);
    return { ...refusal, headers: { ...refusal.headers, date: new Date().toUTCString() } };
  };
}
