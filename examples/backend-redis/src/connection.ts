import { isIP } from "node:net";
import { checkRequest, unlessAborted } from "@trunks/core";
import { Redis } from "ioredis";
import { answerError, lostError } from "./failure.ts";

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

export type Argument = string | number | Uint8Array;

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** What it means when no answer comes: whether the server did it cannot be known, or does not matter. */
  readonly unanswered: "unknown" | "harmless";
}

/**
 * One connection, made when the first command needs it, and anew when it was lost. The client's own repetitions are off:
 * a command that may have reached the server is never sent twice.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #redis: Promise<Redis> | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Throws what a method of the backend must throw before it does anything. */
  begin(signal: AbortSignal | undefined): void {
    checkRequest(this.#closed, { signal });
  }

  /** Sends one command; bulk answers are bytes. */
  async send(command: string, args: readonly Argument[], { signal, unanswered }: SendOptions): Promise<unknown> {
    this.begin(signal);
    const redis = await unlessAborted(this.#connected(), signal);
    const binary = args.map((arg) =>
      arg instanceof Uint8Array ? Buffer.from(arg.buffer, arg.byteOffset, arg.length) : arg,
    );
    const answer = redis.callBuffer(command, binary).catch((error: Error) => {
      if (error.name === "ReplyError") throw answerError(error);
      throw lostError(error, unanswered);
    });
    return unlessAborted(answer, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const redis = await this.#redis?.catch(() => undefined);
    redis?.disconnect();
  }

  #connected(): Promise<Redis> {
    this.#redis ??= this.#connect();
    return this.#redis;
  }

  async #connect(): Promise<Redis> {
    const { host, port, database, tls, username, password } = this.#options;
    const redis = new Redis({
      host,
      port,
      // An address is no name to ask a certificate for.
      ...(tls && { tls: isIP(host) ? {} : { servername: host } }),
      protocol: 2,
      lazyConnect: true,
      retryStrategy: null,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: 10_000,
      socketTimeout: 60_000,
    });
    let failure: unknown;
    redis.on("error", (error) => {
      failure = error;
    });
    // Whoever comes next connects anew.
    redis.on("end", () => {
      this.#redis = undefined;
    });
    try {
      await redis.connect();
      if (password) await redis.call("AUTH", username ? [username, password] : [password]);
      await redis.call("SELECT", [database]);
      return redis;
    } catch (error) {
      this.#redis = undefined;
      redis.disconnect();
      if (error instanceof Error && error.name === "ReplyError") throw answerError(error);
      throw lostError(failure ?? error, "harmless");
    }
  }
}
