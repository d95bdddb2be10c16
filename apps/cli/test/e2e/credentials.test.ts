import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SettingsFile } from "@trunks/location";
import { startFakeGcs, startProxy } from "@trunks/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ifAvailable } from "../support/if-available.ts";
import {
  type CredentialSource,
  type RankedStore,
  type RankedStoreName,
  rankedStores,
} from "../support/ranked-credentials.ts";
import { type CommandOptions, Sandbox } from "../support/sandbox.ts";
import { trunks, trunksJson } from "../support/trunks.ts";

const startTimeoutMs = 15 * 60_000;
const names = Object.keys(rankedStores) as RankedStoreName[];

/** A clone with the storage `primary`. */
async function makeClone(sandbox: Sandbox, url: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  await sandbox.git(["init", "-q", "work"]);
  const top = join(sandbox.path, "work");
  const storages = { primary: { url, options: {}, secrets } };
  await SettingsFile.create(join(top, ".git"), top, { repository: "app", storages });
}

describe.each(names)("%s", (name) => {
  const keys = new Sandbox();
  let started: RankedStore | string;
  let store: RankedStore;
  let sandbox: Sandbox;

  beforeAll(async () => {
    started = await ifAvailable(() => rankedStores[name](keys));
  }, startTimeoutMs);
  afterAll(async () => {
    if (typeof started === "object") await started.stop();
    await keys.remove();
  });
  beforeEach((context) => {
    if (typeof started === "string") context.skip(started);
    store = started as RankedStore;
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox?.remove());

  /** A clone of a user who has these, what counts most first. Answers how commands are run in it. */
  async function userWith(given: readonly CredentialSource[]): Promise<CommandOptions> {
    rmSync(join(sandbox.path, "work"), { recursive: true, force: true });
    for (const name of [".aws", ".pgpass", ".ssh"])
      rmSync(join(sandbox.path, "home", name), { recursive: true, force: true });
    for (const [path, text] of given.flatMap(({ files = {} }) => Object.entries(files))) {
      sandbox.write(`home/${path}`, text);
      chmodSync(join(sandbox.path, "home", path), 0o600);
    }
    const environment = Object.assign({}, store.environment, ...given.map((source) => source.environment));
    const secrets = Object.assign({}, ...given.map((source) => source.secrets));
    await makeClone(sandbox, store.url, secrets);
    return { folder: "work", environment };
  }

  /** What a user is told who has these. `undefined`: is let in. */
  async function refusal(given: readonly CredentialSource[]): Promise<string | undefined> {
    const options = await userWith(given);
    const answer = await trunksJson<{ object: string; code?: string }>(
      sandbox,
      ["storage", "ping", "primary"],
      options,
    );
    return answer.object === "ping" ? undefined : (answer.code ?? "");
  }

  test("the first place that has credentials decides, and nothing behind it", { timeout: 240_000 }, async () => {
    const places = Object.entries(store.sources);
    expect(places.length).toBeGreaterThanOrEqual(3);
    for (const [index, [place, source]] of places.entries()) {
      const behind = places.slice(index + 1).map(([, next]) => next);
      expect(await refusal([source(true), ...behind.map((next) => next(false))]), `right: ${place}`).toBeUndefined();
      const told = await refusal([source(false), ...behind.map((next) => next(true))]);
      expect(told, `wrong: ${place}`).toBe(store.refusal ?? "UNAUTHENTICATED");
    }
  });

  test("git's helper takes what the first place has", { timeout: 120_000 }, async () => {
    const [first, ...behind] = Object.values(store.sources);
    const given = [first?.(true) ?? {}, ...behind.map((source) => source(false))];
    const right = await userWith(given);
    await sandbox.git(["commit", "-q", "--allow-empty", "-m", "one"], right);
    const push = ["push", "-q", "trunks::trunks://primary/app", "HEAD:main"];
    await sandbox.git(push, right);
    const wrong = await userWith([first?.(false) ?? {}, ...behind.map((source) => source(true))]);
    const { status, stderr } = await sandbox.tryGit(["ls-remote", "trunks::trunks://primary/app"], wrong);
    expect(status).toBe(128);
    expect(String(stderr)).toMatch(/^fatal: /m);
  });
});

describe("fake-gcs", () => {
  test("the emulator lets everybody in: who asked is seen on the wire", {
    timeout: startTimeoutMs,
  }, async (context) => {
    const server = await ifAvailable(startFakeGcs);
    if (typeof server === "string") return context.skip(server);
    const proxy = await startProxy(server.endpoint);
    const sandbox = new Sandbox();
    onTestFinished(async () => {
      await sandbox.remove();
      await proxy.stop();
      await server.stop();
    });
    const url = `gcs://${server.bucket}?endpoint=${proxy.endpoint}`;
    const ask = async (environment: Readonly<Record<string, string>>) => {
      const before = proxy.requests.length;
      const { status, stderr } = await trunks(sandbox, ["storage", "ping", "primary"], { folder: "work", environment });
      expect([status, stderr]).toEqual([0, ""]);
      return new Set(proxy.requests.slice(before).map(({ headers }) => headers.authorization));
    };
    // Google's own chain is asked for Google alone, so it must not be missed here.
    const chain = { GOOGLE_APPLICATION_CREDENTIALS: join(sandbox.path, "no-such-file") };
    await makeClone(sandbox, url, { accessToken: "saved" });
    expect(await ask({ ...chain, TRUNKS_STORAGE_PRIMARY_ACCESS_TOKEN: "given" })).toEqual(new Set(["Bearer given"]));
    expect(await ask(chain)).toEqual(new Set(["Bearer saved"]));
    rmSync(join(sandbox.path, "work"), { recursive: true });
    await makeClone(sandbox, url, { keyFile: join(sandbox.path, "no-such-file") });
    expect(await ask({ ...chain, TRUNKS_STORAGE_PRIMARY_ACCESS_TOKEN: "given" })).toEqual(new Set(["Bearer given"]));
    rmSync(join(sandbox.path, "work"), { recursive: true });
    await makeClone(sandbox, url, {});
    expect(await ask(chain)).toEqual(new Set([undefined]));
  });
});
