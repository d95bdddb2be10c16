import { isTrunksError, TrunksError } from "@trunks/core";
import { redactUrl, type Storage } from "@trunks/location";
import { openStorage } from "./open-trunk.ts";

export interface ProbeOptions {
  readonly verbose?: boolean;
  readonly signal?: AbortSignal;
}

/** Asks a store for a key that is not there; answers how long that took, in milliseconds. Throws what keeps it from answering. */
export async function pingStorage(storage: Storage, options: ProbeOptions = {}): Promise<number> {
  const { backend } = await openStorage(storage, { ...options, hurried: true });
  try {
    const started = performance.now();
    const content = await backend.get("trunks/ping", options);
    await content?.cancel();
    return performance.now() - started;
  } finally {
    await backend.close();
  }
}

/**
 * Proves that a store can carry trunks: reads, creates, refuses a second create, has one winner in a race, lists, deletes.
 * Writes under a random prefix and removes it again. Throws what the store did instead: `NOT_SUPPORTED` when it breaks a
 * promise, and its own error when it cannot be used at all.
 */
export async function probeStorage(storage: Storage, options: ProbeOptions = {}): Promise<void> {
  await pingStorage(storage, options);
  const { runContract } = await import("@trunks/contract-tests");
  const open = async () => (await openStorage(storage, { ...options, hurried: true })).backend;
  const { signal } = options;
  const outcomes = await runContract(open, { select: "probe", rounds: 3, timeoutMs: 60_000, signal });
  const failed = outcomes.find(({ status }) => status === "failed");
  if (failed === undefined) return;
  if (isTrunksError(failed.error)) throw failed.error;
  const what = failed.error instanceof Error ? failed.error.message : String(failed.error);
  const url = redactUrl(storage.url);
  throw new TrunksError("NOT_SUPPORTED", `${url} cannot carry trunks: ${failed.id}: ${what}`, {
    cause: failed.error,
    hint: `\`trunks verify ${url}\` tells all that it does`,
  });
}
