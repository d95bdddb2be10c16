import type { Backend, Capabilities } from "@trunks/core";
import {
  type ContractCase,
  type ContractContext,
  type ContractNeeds,
  largeBodyBytes,
  type Need,
  type OpenBackend,
} from "./case.ts";
import { ContractFailure, check } from "./check.ts";
import { noteWrites } from "./written-keys.ts";

export interface ContractOptions {
  /** What the cases may use beside `open`. Cases that need more are skipped, with the reason. */
  readonly needs?: ContractNeeds;
  /** How often each race is run. Default 5. */
  readonly rounds?: number;
  /** A case that takes longer has failed. Default 120,000. */
  readonly timeoutMs?: number;
  /** Ends the run: what is left is reported as failed, and what was written is still removed. */
  readonly signal?: AbortSignal;
}

export interface ContractOutcome {
  readonly id: string;
  readonly proves: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why a case was skipped. */
  readonly reason?: string;
  readonly durationMs: number;
  /** Why a case failed: a `ContractFailure`, or what the store threw. */
  readonly error?: unknown;
}

/** Runs cases, one after the other, under one random prefix of one store. `close` removes whatever they wrote. */
export class ContractSession {
  readonly prefix: string;
  readonly #open: OpenBackend;
  readonly #options: ContractOptions;
  readonly #clients: Promise<Backend>[] = [];
  /** Keys that may still be there. */
  readonly #written = new Set<string>();
  #count = 0;

  constructor(open: OpenBackend, options: ContractOptions = {}) {
    this.prefix = `contract-${crypto.randomUUID().slice(0, 13)}/`;
    this.#open = open;
    this.#options = options;
  }

  async run(contractCase: ContractCase): Promise<ContractOutcome> {
    const { id, proves } = contractCase;
    const started = performance.now();
    const ended = () => ({ id, proves, durationMs: performance.now() - started });
    try {
      const backend = await this.#client(0);
      const reason = unmetNeed(contractCase, this.#options.needs ?? {}, backend.capabilities);
      if (reason !== undefined) return { ...ended(), status: "skipped", reason };
      await this.#attempt(contractCase, backend);
      return { ...ended(), status: "passed" };
    } catch (error) {
      return { ...ended(), status: "failed", error };
    }
  }

  /** Removes everything under the prefix and closes the clients. What cannot be removed is a failure of its own. */
  async close(): Promise<ContractOutcome> {
    const id = "cleanup";
    const proves = "nothing that the cases wrote is left";
    const started = performance.now();
    try {
      if (this.#clients.length > 0) await removeAll(await this.#client(0), this.prefix, this.#written);
      for (const client of this.#clients) await (await client).close();
      return { id, proves, durationMs: performance.now() - started, status: "passed" };
    } catch (error) {
      return { id, proves, durationMs: performance.now() - started, status: "failed", error };
    }
  }

  /** One case under a prefix of its own, with a limit of time, and with what it opened closed again. */
  async #attempt(contractCase: ContractCase, backend: Backend): Promise<void> {
    const { timeoutMs = 120_000, signal: given, needs = {} } = this.#options;
    const prefix = `${this.prefix}${(this.#count++).toString(36)}/`;
    const opened: Backend[] = [];
    const keep = async (open: OpenBackend | undefined): Promise<Backend> => {
      check(open !== undefined, `${contractCase.id} uses what it does not say it needs`);
      const own = await open();
      opened.push(own);
      return own;
    };
    const timeout = new AbortController();
    const signal = given === undefined ? timeout.signal : AbortSignal.any([given, timeout.signal]);
    const context: ContractContext = {
      backend,
      prefix,
      rounds: this.#options.rounds ?? 5,
      signal,
      clients: (count) => Promise.all(Array.from({ length: count }, (_, index) => this.#client(index))),
      open: () => keep(this.#openNoting),
      openForbidden: () => keep(needs.openForbidden),
      openMissing: () => keep(needs.openMissing),
    };
    const timer = setTimeout(() => timeout.abort(new ContractFailure(`did not end within ${timeoutMs} ms`)), timeoutMs);
    try {
      signal.throwIfAborted();
      await Promise.race([contractCase.run(context), raised(signal)]);
    } finally {
      clearTimeout(timer);
      for (const own of opened) await own.close();
      // What cannot be removed now is tried again, and reported, when the session closes.
      await removeAll(backend, prefix, this.#written).catch(() => {});
    }
  }

  #client(index: number): Promise<Backend> {
    this.#clients[index] ??= this.#openNoting();
    return this.#clients[index];
  }

  readonly #openNoting = async (): Promise<Backend> => noteWrites(await this.#open(), this.#written);
}

function raised(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Why a case cannot be run, if it cannot. */
function unmetNeed(contractCase: ContractCase, needs: ContractNeeds, capabilities: Capabilities): string | undefined {
  const reasons: Record<Need, string | undefined | false> = {
    openForbidden: needs.openForbidden === undefined && "no client that the store refuses was supplied",
    openMissing: needs.openMissing === undefined && "no client of a missing root was supplied",
    ownStore: needs.ownStore !== true && "the store may hold other things than the tests'",
    outsideProcess: needs.outsideProcess !== true && "the bodies may be kept in this process's own memory",
    promptList: !capabilities.promptList && "the backend declares that its lists may be late",
    largeBodies:
      capabilities.maxBodyBytes < largeBodyBytes &&
      `the backend declares that no body is larger than ${capabilities.maxBodyBytes} bytes`,
  };
  for (const need of contractCase.needs ?? []) {
    if (reasons[need]) return reasons[need];
  }
  return undefined;
}

/**
 * Removes what is listed below the prefix, and what was written there: a store may hide keys, or list to nobody. Asks no more
 * than it takes to clean up: a list that is out of order must not keep its keys. Forgets what is gone.
 */
async function removeAll(backend: Backend, prefix: string, written: Set<string>): Promise<void> {
  const noted = [...written].filter((key) => key.startsWith(prefix));
  const listed = await listedKeys(backend, prefix).catch(() => undefined);
  const keys = new Set([...noted, ...(listed ?? [])]);
  if (keys.size > 0) await backend.delete([...keys]);
  const left = backend.capabilities.promptList && listed !== undefined ? await listedKeys(backend, prefix) : [];
  check(left.length === 0, `keys are still listed under ${prefix} after they were deleted`);
  for (const key of noted) written.delete(key);
}

async function listedKeys(backend: Backend, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  let after: string | undefined;
  for (let more = true; more; ) {
    const page = await backend.list(prefix, { after });
    const known = keys.size;
    for (const { key } of page.keys) keys.add(key);
    after = page.keys.at(-1)?.key;
    more = page.more && keys.size > known;
  }
  return [...keys];
}
