import { sleep } from "@trunks/core";

/** The longest wait between two tries, in milliseconds, whatever the store asks for. */
const maxPauseMs = 20_000;

/**
 * Waits before a request is tried again: as long as the store asked for, and a random time on top that grows with each
 * try, so that writers who met do not meet again. Throws `ABORTED`.
 */
export async function pause(attempt: number, askedMs = 0, signal?: AbortSignal): Promise<void> {
  const jitterMs = Math.random() * 20 * 2 ** attempt;
  await sleep(Math.min(askedMs + jitterMs, maxPauseMs), signal);
}
