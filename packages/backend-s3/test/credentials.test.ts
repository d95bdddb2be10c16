import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openBackend, openS3, type S3Credentials } from "../src/index.ts";
import { findAmazon, machineCredentials } from "../src/node/machine.ts";
import { bytesOf, onEachServer, optionsFor, refusal, withProxy } from "./address.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Nothing of the machine's own configuration counts. */
function emptyEnvironment(variables: Record<string, string> = {}): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  const none = {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  for (const [name, value] of Object.entries({ ...none, ...variables })) vi.stubEnv(name, value);
}

onEachServer((address) => {
  const { accessKey, secretKey } = address;
  const right: S3Credentials = { accessKey, secretKey };

  /** Answers each of these in turn, the last one for ever, and counts. */
  function provider(...answers: S3Credentials[]) {
    const credentials = vi.fn(
      async () => answers[Math.min(credentials.mock.calls.length, answers.length) - 1] as S3Credentials,
    );
    return credentials;
  }

  test.each([
    ["an unknown user", { accessKey: "nobody", secretKey: "wrong" }],
    ["a wrong secret", { accessKey, secretKey: "wrong" }],
  ])("%s is told apart from who may not", async (_, credentials) => {
    const backend = await openS3(optionsFor(address, { credentials }));
    const refused = {
      code: "UNAUTHENTICATED",
      retryable: false,
      hint: expect.stringContaining("check the access key"),
    };
    await expect(backend.get("key")).rejects.toMatchObject(refused);
    await expect(backend.create("key", bytesOf(1))).rejects.toMatchObject(refused);
    await expect(backend.list("")).rejects.toMatchObject(refused);
    await backend.close();
  });

  test("credentials that the store refuses are asked for again, once, and the request is repeated", async () => {
    const credentials = provider({ accessKey: "retired", secretKey: "retired" }, right);
    const backend = await openS3(optionsFor(address, { credentials }));
    expect(await backend.create("key", bytesOf(10))).toBe(true);
    expect(await backend.create("key", bytesOf(10))).toBe(false);
    expect(credentials).toHaveBeenCalledTimes(2);
    await backend.close();
  });

  test("credentials that stay refused are reported, after one repetition", () =>
    withProxy(
      address,
      {
        credentials: provider(
          { accessKey: "retired", secretKey: "first" },
          { accessKey: "retired", secretKey: "second" },
        ),
      },
      async ({ backend, proxy }) => {
        await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
        expect(proxy.requests).toHaveLength(2);
      },
    ));

  test("refused credentials that no one can renew are not tried again", () =>
    withProxy(address, { credentials: { accessKey, secretKey: "wrong" } }, async ({ backend, proxy }) => {
      await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(proxy.requests).toHaveLength(1);
    }));

  const { spare } = address;
  if (spare !== undefined) {
    test("credentials that expire in the middle of an upload are renewed once for all its parts", () => {
      const credentials = provider(right, spare);
      return withProxy(address, { credentials, partSizeBytes: 5 * 2 ** 20 }, async ({ backend, direct, proxy }) => {
        let expired = false;
        proxy.use(({ query, headers }) => {
          expired ||= query.get("partNumber") === "2";
          const isOld = headers.authorization?.includes(accessKey) ?? false;
          return expired && isOld ? refusal(400, "ExpiredToken") : { do: "pass" };
        });
        expect(await backend.create("key", bytesOf(22 * 2 ** 20))).toBe(true);
        expect((await direct.get("key"))?.size).toBe(22 * 2 ** 20);
        expect(credentials).toHaveBeenCalledTimes(2);
      });
    });
  }

  test("credentials with an end are asked for again when it comes near", async () => {
    const soon = new Date(Date.now() + 60_000);
    const credentials = provider(
      { ...right, expiresAt: soon },
      { ...right, expiresAt: new Date(Date.now() + 3_600_000) },
    );
    const backend = await openS3(optionsFor(address, { credentials }));
    await backend.get("a");
    await backend.get("b");
    expect(credentials).toHaveBeenCalledTimes(2);
    await backend.close();
  });

  test("a clock that is wrong by hours is corrected by the store's", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5 * 3_600_000 });
      expect(await backend.create("key", bytesOf(10))).toBe(true);
      expect(await backend.get("absent")).toBeUndefined();
      // The first was refused and repeated; after it the offset is known.
      expect(proxy.requests).toHaveLength(3);
    }));

  test("and so it is for several requests at once", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5 * 3_600_000 });
      expect(await Promise.all(["a", "b", "c"].map((key) => backend.get(key)))).toEqual(Array(3).fill(undefined));
      expect(proxy.requests).toHaveLength(6);
    }));

  test.each([
    [20, "this machine's clock is 20 minutes ahead of the store's"],
    [-20, "this machine's clock is 20 minutes behind the store's"],
  ])("a clock that is wrong by %d minutes and cannot be corrected is named", (minutes, message) =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * 60_000 });
      // Whatever the store takes for the reason.
      for (const code of ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "AccessDenied"]) {
        proxy.use(() => refusal(403, code, { date: new Date(Date.now() - minutes * 60_000).toUTCString() }));
        await expect(backend.get("key")).rejects.toMatchObject({
          message: expect.stringContaining(message),
          hint: expect.stringContaining("set this machine's clock"),
        });
      }
    }),
  );

  test("a clock that is right is not blamed", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      proxy.use(() => refusal(403, "AccessDenied"));
      await expect(backend.get("key")).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.not.stringContaining("clock"),
      });
    }));

  test("the environment's credentials and endpoint are found", async () => {
    emptyEnvironment({ ...address.environment, AWS_REGION: "" });
    const backend = await openBackend(new URL(`s3://${address.bucket}/environment`));
    expect(await backend.create("key", bytesOf(10))).toBe(true);
    await backend.delete(["key"]);
    await backend.close();
  });
});

describe("without a store", () => {
  describe("with a profile", () => {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "trunks-profile-"));
      const files = {
        AWS_CONFIG_FILE: join(folder, "config"),
        AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      };
      writeFileSync(files.AWS_CONFIG_FILE, "[profile work]\nregion = eu-west-3\nuse_fips_endpoint = true\n");
      const keys = "aws_access_key_id = of-work\naws_secret_access_key = secret\n";
      writeFileSync(files.AWS_SHARED_CREDENTIALS_FILE, `[work]\n${keys}`);
      emptyEnvironment(files);
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test("its keys, its region and its kind of endpoint are found", async () => {
      expect(await machineCredentials(undefined, "work")()).toMatchObject({ accessKeyId: "of-work" });
      expect(await findAmazon(undefined, "work")).toEqual({ region: "eu-west-3", fips: true, dualstack: false });
      expect(await findAmazon("eu-west-1", "work")).toMatchObject({ region: "eu-west-1" });
    });

    test("the environment's region comes before it, and its own keys before the environment's", async () => {
      for (const [name, value] of Object.entries({ AWS_REGION: "eu-north-1", AWS_USE_DUALSTACK_ENDPOINT: "true" })) {
        vi.stubEnv(name, value);
      }
      expect(await findAmazon(undefined, "work")).toEqual({ region: "eu-north-1", fips: true, dualstack: true });
      for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "of-the-environment");
      expect(await machineCredentials(undefined, undefined)()).toMatchObject({ accessKeyId: "of-the-environment" });
      const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
      vi.stubEnv("AWS_PROFILE", "work");
      expect(await machineCredentials(undefined, undefined)()).toMatchObject({ accessKeyId: "of-work" });
      expect(warned).toHaveBeenCalledWith(expect.stringContaining("Multiple credential sources"));
      warned.mockRestore();
    });
  });

  test("missing credentials are unauthenticated, with what to do", async () => {
    emptyEnvironment();
    const backend = await openBackend(new URL("s3://bucket/path?endpoint=http://127.0.0.1:1"));
    await expect(backend.create("key", bytesOf(1))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      hint: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
    await backend.close();
  });

  test("a missing region is a matter of configuration, with what to do", async () => {
    emptyEnvironment({ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
    const backend = await openBackend(new URL("s3://bucket/path"));
    await expect(backend.get("key")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("region="),
    });
    await backend.close();
  });
});
