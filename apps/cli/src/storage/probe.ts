import type { ContractOutcome } from "@trunks/contract-tests";
import { isTrunksError, TrunksError } from "@trunks/core";
import { gitAccess, isGitMirrorUrl, parseRoot, redactUrl, type Storage, schemeRules } from "@trunks/location";
import { openStorage } from "../trunk/open-trunk.ts";

export interface ProbeOptions {
  readonly verbose?: boolean;
  readonly signal?: AbortSignal;
}

/** Asks a store for a key that is not there, and a Git repository for its refs; answers how long that took, in milliseconds. Throws what keeps it from answering. */
export async function pingStorage(storage: Storage, options: ProbeOptions = {}): Promise<number> {
  if (isGitMirrorUrl(storage.url)) {
    const follower = await openFollower(storage, options);
    const started = performance.now();
    await follower.refs(options);
    return performance.now() - started;
  }
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
 * promise, and its own error when it cannot be used at all. A Git repository need only take a push of this user.
 */
export async function probeStorage(storage: Storage, options: ProbeOptions = {}): Promise<void> {
  await pingStorage(storage, options);
  if (isGitMirrorUrl(storage.url)) return (await openFollower(storage, options)).mayPush(options);
  const { runContract } = await import("@trunks/contract-tests");
  const open = async () => (await openStorage(storage, { ...options, hurried: true })).backend;
  const { signal } = options;
  const outcomes = await runContract(open, { select: "probe", rounds: 3, timeoutMs: 60_000, signal });
  const failed = outcomes.find(({ status }) => status === "failed");
  if (failed === undefined) return;
  throw refusalOf(failed, storage);
}

async function openFollower(storage: Storage, { verbose }: ProbeOptions) {
  const { GitFollower } = await import("../follower/git-follower.ts");
  return new GitFollower(gitAccess(storage), { verbose, hurried: true });
}

/** What a store did that trunks cannot live with, and what to do about it. */
function refusalOf({ id, error }: ContractOutcome, storage: Storage): unknown {
  // It could not be asked, or refused this user: that says nothing about what it can do.
  if (isTrunksError(error) && error.code !== "NOT_SUPPORTED") return error;
  const what = error instanceof Error ? error.message : String(error);
  const url = redactUrl(storage.url);
  const scheme = parseRoot(storage.url).protocol.slice(0, -1);
  const remedy = (isTrunksError(error) && error.hint) || schemeRules(scheme).remedy;
  return new TrunksError("NOT_SUPPORTED", `${url} cannot carry trunks: ${id}: ${what}`, {
    cause: error,
    hint: `${remedy}; \`trunks verify ${url}\` tells all that it does`,
  });
}
