import { randomUUID } from "node:crypto";
import type { Backend } from "@trunks/core";
import {
  type AzureAddress,
  type ProxyAction,
  type ProxyScript,
  startProxy,
  type TestProxy,
} from "@trunks/test-servers";
import { describe, inject, test } from "vitest";
import { type AzureOptions, openAzure } from "../src/index.ts";

/** Options for a folder of the test's own on a running server; `changes` replace some of them. */
export function optionsFor(address: AzureAddress, changes: Partial<AzureOptions> = {}): AzureOptions {
  const { endpoint, account, accountKey, container } = address;
  return { endpoint, account, accountKey, container, path: `tests/${randomUUID()}`, ...changes };
}

/** Runs the tests on the emulator, or reports them as skipped where the machine cannot have it. */
export function onServer(tests: (address: AzureAddress) => void): void {
  const address = inject("servers").azurite;
  if (address === undefined) test.skip("azurite: this machine cannot have the server");
  else describe("azurite", () => tests(address));
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
  address: AzureAddress,
  changes: Partial<AzureOptions>,
  body: (faulty: Faulty) => Promise<void>,
): Promise<void> {
  const options = optionsFor(address, changes);
  const proxy = await startProxy(new URL(address.endpoint).origin);
  const backend = await openAzure({ ...options, endpoint: `${proxy.endpoint}/${address.account}` });
  const direct = await openAzure(optionsFor(address, { path: options.path }));
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

/** An answer as Azure refuses with. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): ProxyAction {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>said ${code}</Message></Error>`;
  const head = { "content-type": "application/xml", ...(code && { "x-ms-error-code": code }), ...headers };
  return { do: "answer", status, headers: head, body };
}

/** So many bytes that are the same each time, and differ from place to place. */
export function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  return bytes;
}
