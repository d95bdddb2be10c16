import { randomUUID } from "node:crypto";
import type { Backend } from "@trunks/core";
import { type GcsAddress, type ProxyAction, type ProxyScript, startProxy, type TestProxy } from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import { type GcsOptions, openGcs } from "../src/index.ts";

/** Options for a folder of the test's own on a running server; `changes` replace some of them. */
export function optionsFor({ endpoint, bucket }: GcsAddress, changes: Partial<GcsOptions> = {}): GcsOptions {
  return { endpoint, bucket, path: `tests/${randomUUID()}`, ...changes };
}

/** Runs the tests on the emulator, or reports them as skipped where the machine cannot have it. */
export function onServer(tests: (address: GcsAddress) => void): void {
  const address = inject("servers")["fake-gcs"];
  if (address === undefined) test.skip("fake-gcs: this machine cannot have the server");
  else describe("fake-gcs", () => tests(address));
}

export interface Faulty {
  readonly proxy: TestProxy;
  /** Behind the proxy. */
  readonly backend: Backend;
  /** The same keys, straight from the server. */
  readonly direct: Backend;
}

/** Opens a backend behind a proxy, and the same keys without it, for one test. */
export async function withProxy(
  address: GcsAddress,
  changes: Partial<GcsOptions>,
  body: (faulty: Faulty) => Promise<void>,
): Promise<void> {
  const options = optionsFor(address, changes);
  const proxy = await startProxy(address.endpoint);
  const backend = await openGcs({ ...options, endpoint: proxy.endpoint });
  const direct = await openGcs(optionsFor(address, { path: options.path }));
  try {
    await body({ proxy, backend, direct });
  } finally {
    await backend.close();
    await direct.close();
    await proxy.stop();
  }
}

type Request = Parameters<ProxyScript>[0];

/** The action for the first so many requests that fit; all others pass. */
export function first(
  count: number,
  action: ProxyAction,
  fits: (request: Request) => boolean = () => true,
): ProxyScript {
  let left = count;
  return (request) => (fits(request) && left-- > 0 ? action : { do: "pass" });
}

/** An answer as Google refuses with. */
export function refusal(
  status: number,
  reason: string,
  headers: Record<string, string> = {},
  message = `said ${reason}`,
): ProxyAction {
  const error = { code: status, message, errors: [{ domain: "global", reason }] };
  return {
    do: "answer",
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ error }),
  };
}

/** So many bytes that are the same each time, and differ from place to place. */
export function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
