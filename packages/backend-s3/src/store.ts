import type { Operation, TrunksError } from "@trunks/core";
import { Exchange, type Loss } from "@trunks/http-store";
import type { Client, Identity } from "./client.ts";
import { failure } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";
import { openClient } from "./platform.ts";
import { refusalOf } from "./refusal.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
  /** For a caller who wants to know the answer's headers. */
  readonly exchange?: Exchange;
}

/** Any command of the SDK, by what its answer holds. */
interface Command<Output> {
  resolveMiddleware(stack: never, configuration: never, options: never): (input: never) => Promise<{ output: Output }>;
}

/** A client of the store, with one kind of error, and with credentials that are renewed when the store has enough of them. */
export class S3Store {
  readonly options: ResolvedOptions;
  readonly #client: Client;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#client = openClient(options);
  }

  /**
   * Sends one request: once, or twice when the first was refused for the sake of credentials that could be renewed, or of
   * a clock that could be corrected. Such a refusal comes before any effect.
   */
  async send<Output>(command: Command<Output>, request: StoreRequest): Promise<Output> {
    const { signal } = request;
    for (let attempt = 1; ; attempt++) {
      const exchange = attempt === 1 && request.exchange ? request.exchange : new Exchange();
      const used = await this.#client.credentials().catch(() => undefined);
      try {
        return (await this.#client.send(command as never, { abortSignal: signal, exchange })) as Output;
      } catch (error) {
        const secrets = used === undefined ? [] : [used.secretAccessKey, used.sessionToken ?? ""];
        const explained = failure(error, { ...request, place: this.options.place, exchange, secrets });
        if (attempt > 1 || !(await this.#mended(explained, error, used))) throw explained;
      }
    }
  }

  destroy(): void {
    this.#client.destroy();
  }

  /** Whether the same request may be accepted now. */
  async #mended(explained: TrunksError, error: unknown, used: Identity | undefined): Promise<boolean> {
    if (explained.code !== "UNAUTHENTICATED" || refusalOf(explained) === undefined) return false;
    // The SDK reads the store's clock from its answers.
    if ((error as { $metadata?: { clockSkewCorrected?: boolean } }).$metadata?.clockSkewCorrected) return true;
    const known = await this.#client.credentials();
    // Another request's failure may have renewed them in the meantime.
    if (!isSame(known, used)) return true;
    return !isSame(await this.#client.credentials({ forceRefresh: true }), used);
  }
}

function isSame(left: Identity, right: Identity | undefined): boolean {
  return left.secretAccessKey === right?.secretAccessKey && left.sessionToken === right.sessionToken;
}
