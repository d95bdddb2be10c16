import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openBackend, openGcs } from "../src/index.ts";
import { bytesOf, onServer, refusal, withProxy } from "./address.ts";

let folder: string;
let authority: Server;
/** What Google's token endpoint answers, in turn. */
let answers: { readonly status: number; readonly body: object }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "trunks-gcs-"));
  answers = [];
  authority = createServer((_, response) => {
    const { status, body } = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => authority.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  vi.unstubAllEnvs();
  authority.closeAllConnections();
  authority.close();
  rmSync(folder, { recursive: true });
});

/** A workload's credentials, whose tokens come from the test's own authority. */
function writeKeyFile(): string {
  const path = join(folder, "key.json");
  const subject = join(folder, "subject");
  writeFileSync(subject, "never-shown-subject");
  const key = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/tests/providers/tests",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `http://127.0.0.1:${(authority.address() as AddressInfo).port}/token`,
    credential_source: { file: subject },
  };
  writeFileSync(path, JSON.stringify(key));
  return path;
}

onServer((address) => {
  test("a token is asked for each request, and asked for again, once, when the store refuses it", () => {
    const accessToken = vi.fn(async () => `token-${accessToken.mock.calls.length}`);
    return withProxy(address, { accessToken }, async ({ backend, proxy }) => {
      proxy.use(({ headers }) =>
        headers.authorization === "Bearer token-1" ? refusal(401, "authError") : { do: "pass" },
      );
      expect(await backend.create("key", bytesOf(10))).toBe(true);
      expect(proxy.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
      proxy.use(() => refusal(401, "authError"));
      await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
      expect(proxy.requests).toHaveLength(2);
    });
  });

  test("a refused token that no one can renew is not tried again", () =>
    withProxy(address, { accessToken: "token-of-one-hour" }, async ({ backend, proxy }) => {
      proxy.use(() => refusal(401, "authError"));
      await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(proxy.requests).toHaveLength(1);
    }));

  test("an emulator is asked without credentials", () =>
    withProxy(address, {}, async ({ backend, proxy }) => {
      await backend.create("key", bytesOf(10));
      expect(proxy.requests[0]?.headers.authorization).toBeUndefined();
    }));

  test("the environment names an emulator", async () => {
    for (const [name, value] of Object.entries(address.environment)) vi.stubEnv(name, value);
    const backend = await openBackend(new URL(`gs://${address.bucket}/environment`));
    expect(await backend.create("key", bytesOf(10))).toBe(true);
    await backend.delete(["key"]);
    await backend.close();
  });

  test("a key file gets tokens, one for many requests and another when the first is refused", () =>
    withProxy(address, { keyFile: writeKeyFile() }, async ({ backend, proxy }) => {
      for (const name of ["first", "second"]) {
        const body = {
          access_token: `${name}-token`,
          expires_in: 3600,
          token_type: "Bearer",
          issued_token_type: "access_token",
        };
        answers.push({ status: 200, body });
      }
      await backend.create("key", bytesOf(10));
      await backend.get("absent");
      proxy.use(({ headers }) =>
        headers.authorization === "Bearer first-token" ? refusal(401, "authError") : { do: "pass" },
      );
      await (await backend.get("key"))?.bytes();
      const shown = proxy.requests.map(({ headers }) => headers.authorization);
      expect(shown).toEqual(["Bearer first-token", "Bearer second-token"]);
      expect(answers).toEqual([]);
    }));
});

test("credentials that Google refuses are unauthenticated, and nothing of them is told", async () => {
  answers.push({ status: 400, body: { error: "invalid_grant", error_description: "account not found" } });
  const options = { bucket: "bucket", endpoint: "http://127.0.0.1:1", keyFile: writeKeyFile() };
  const backend = await openGcs(options);
  const error = await backend.create("key", bytesOf(1)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", hint: expect.stringContaining("gcloud auth") });
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("never-shown");
  await backend.close();
});

test("a key file that is not there is unauthenticated", async () => {
  const backend = await openGcs({ bucket: "bucket", keyFile: join(folder, "absent.json") });
  await expect(backend.get("key")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await backend.close();
});
