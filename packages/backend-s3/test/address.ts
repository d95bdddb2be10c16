import { randomUUID } from "node:crypto";
import type { Backend } from "@trunks/core";
import { type ProxyAction, type ProxyScript, type S3Address, startProxy, type TestProxy } from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import { openS3, type S3Options } from "../src/index.ts";

/** Options for a folder of the test's own on a running server; `changes` replace some of them. */
export function optionsFor(address: S3Address, changes: Partial<S3Options> = {}): S3Options {
  const { endpoint, region, bucket, accessKey, secretKey } = address;
  return { endpoint, region, bucket, path: `tests/${randomUUID()}`, credentials: { accessKey, secretKey }, ...changes };
}

/** Runs the same tests on each server that the machine has, and reports those that it cannot have as skipped. */
export function onEachServer(tests: (address: S3Address) => void | Promise<void>): void {
  const servers = inject("servers");
  for (const name of ["versity", "seaweed"] as const) {
    const address = servers[name];
    if (address === undefined) test.skip(`${name}: this machine cannot have the server`);
    else describe(name, () => tests(address));
  }
}

export interface Faulty {
  /** The test's own folder. */
  readonly path: string;
  readonly proxy: TestProxy;
  /** Behind the proxy. */
  readonly backend: Backend;
  /** The same keys, straight from the server. */
  readonly direct: Backend;
}

/** Opens a backend behind a proxy, and the same keys without it, for one test. */
export async function withProxy(
  address: S3Address,
  changes: Partial<S3Options>,
  body: (faulty: Faulty) => Promise<void>,
): Promise<void> {
  const options = optionsFor(address, changes);
  const proxy = await startProxy(address.endpoint);
  const backend = await openS3({ ...options, endpoint: proxy.endpoint });
  const direct = await openS3(optionsFor(address, { path: options.path }));
  try {
    await body({ path: options.path as string, proxy, backend, direct });
  } finally {
    await backend.close();
    await direct.close();
    await proxy.stop();
  }
}

/** The action for the first so many requests that fit; all others pass. */
export function first(
  count: number,
  action: ProxyAction,
  fits: (request: Parameters<ProxyScript>[0]) => boolean = () => true,
): ProxyScript {
  let left = count;
  return (request) => (fits(request) && left-- > 0 ? action : { do: "pass" });
}

/** An answer as S3 refuses with. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): ProxyAction {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said ${code}</Message></Error>`;
  return { do: "answer", status, headers: { "content-type": "application/xml", ...headers }, body };
}

/** So many bytes that are the same each time, and differ from place to place. */
export function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
