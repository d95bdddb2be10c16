import type { Operation, TrunksError } from "@trunks/core";
import { Exchange, type Loss } from "@trunks/http-store";
import { Client } from "./client.ts";
import type { Command } from "./command.ts";
import { failure } from "./failure.ts";
import type { Identity } from "./identity.ts";
import type { ResolvedOptions } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import { RefusedAnswer } from "./refused-answer.ts";

/** What is sent, and what its failure means. */
export interface StoreRequest {
  readonly operation: Operation;
  readonly key?: string;
  readonly loss: Loss;
  readonly signal?: AbortSignal;
  /** For a caller who wants to know the answer's headers. */
  readonly exchange?: Exchange;
}

/** A client of the store, with one kind of error, and with credentials that are renewed when the store has enough of them. */
export class S3Store {
  readonly options: ResolvedOptions;
  readonly #client: Client;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#client = new Client(options);
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
        return await this.#client.send(command, { signal, exchange });
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
    if (error instanceof RefusedAnswer && error.clockCorrected) return true;
    const known = await this.#client.credentials();
    // Another request's failure may have renewed them in the meantime.
    if (!isSame(known, used)) return true;
    return !isSame(await this.#client.credentials({ forceRefresh: true }), used);
  }
}

function isSame(left: Identity, right: Identity | undefined): boolean {
  return left.secretAccessKey === right?.secretAccessKey && left.sessionToken === right.sessionToken;
}
