import type { Socket } from "node:net";
import { Client } from "pg";
import { type BinaryRow, CopyOut } from "./copy-out.ts";
import type { ResolvedOptions } from "./options.ts";
import { type TlsChoice, tlsChoices } from "./tls.ts";

/** A server that has gone away is not waited for. */
const goodbyeTimeoutMs = 1000;

/** A statement's text and what stands for `$1`, `$2` and so on in it. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows were written, removed or found. */
  readonly rowCount: number;
}

/**
 * One connection, one statement at a time. Statements have no names and leave nothing behind, so that a pooler may hand
 * each to another server process.
 */
export class Connection {
  readonly #client: Client;
  readonly #requestTimeoutMs: number;
  #usable = true;

  private constructor(client: Client, requestTimeoutMs: number) {
    this.#client = client;
    this.#requestTimeoutMs = requestTimeoutMs;
    client.once("end", () => {
      this.#usable = false;
    });
  }

  /** Connects and logs in. Throws what the client library throws, and `CONFIG_INVALID` for files of TLS. */
  static async open(
    options: ResolvedOptions,
    password: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Connection> {
    const choices = await tlsChoices(options);
    for (const [index, ssl] of choices.entries()) {
      try {
        return await Connection.#openWith(options, password, ssl, signal);
      } catch (error) {
        const mayGoOn = index + 1 < choices.length && !signal?.aborted;
        if (!mayGoOn || !/does not support SSL/.test((error as Error).message)) throw error;
      }
    }
    throw new Error("no way to connect");
  }

  static async #openWith(
    options: ResolvedOptions,
    password: string | undefined,
    ssl: TlsChoice,
    signal: AbortSignal | undefined,
  ): Promise<Connection> {
    const { host, port, user, database, connectTimeoutMs, requestTimeoutMs } = options;
    const client = new Client({
      ...{ host, port, user, database, ssl },
      // A function, because of an absent one the library would look for by itself, in the environment too.
      password: (async () => password) as () => Promise<string>,
      connectionTimeoutMillis: connectTimeoutMs,
      fallback_application_name: "trunks",
      keepAlive: true,
    });
    // What matters of it reaches the statement that is on its way; without one it is the end of an idle connection.
    client.on("error", () => {});
    const abort = () => socketOf(client).destroy(new Error("aborted"));
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await client.connect();
      return new Connection(client, requestTimeoutMs);
    } catch (error) {
      socketOf(client).destroy();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** False when it was closed, by whomever. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Runs one statement, and gives the connection up when the signal is raised or nothing moves for too long. */
  async run({ text, values }: Statement, signal: AbortSignal | undefined): Promise<Answer> {
    const { rows, rowCount } = await this.#watched(signal, () =>
      this.#client.query({ text, values: values && [...values] }),
    );
    return { rows, rowCount: rowCount ?? 0 };
  }

  /** The same for a statement that answers bytes. */
  async copy(select: string, signal: AbortSignal | undefined): Promise<readonly BinaryRow[]> {
    const copy = new CopyOut(select);
    await this.#watched(signal, () => this.#client.query(copy).done);
    return copy.binaryRows();
  }

  /** Runs statements without values one after the other, in one transaction of their own. */
  async runTogether(texts: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    await this.run({ text: texts.join(";\n") }, signal);
  }

  /** While it is idle it does not keep the process alive. */
  set idle(idle: boolean) {
    if (idle) socketOf(this.#client).unref();
    else socketOf(this.#client).ref();
  }

  /** Says goodbye to the server. */
  async close(): Promise<void> {
    this.#usable = false;
    // The process must not end between the goodbye and the end.
    this.idle = false;
    const timer = setTimeout(() => this.destroy("closed"), goodbyeTimeoutMs);
    await this.#client.end().catch(() => {});
    clearTimeout(timer);
  }

  destroy(reason: string): void {
    this.#usable = false;
    socketOf(this.#client).destroy(new Error(reason));
  }

  async #watched<Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
    const abort = () => this.destroy("aborted");
    signal?.addEventListener("abort", abort, { once: true });
    const stopWatching = this.#giveUpOnSilence();
    try {
      return await work();
    } finally {
      stopWatching();
      signal?.removeEventListener("abort", abort);
    }
  }

  #giveUpOnSilence(): () => void {
    const moved = () => {
      const { bytesRead, bytesWritten } = socketOf(this.#client);
      return bytesRead + bytesWritten;
    };
    let before = moved();
    const timer = setInterval(() => {
      const now = moved();
      if (now === before) this.destroy(`no byte moved for ${this.#requestTimeoutMs} ms`);
      before = now;
    }, this.#requestTimeoutMs);
    return () => clearInterval(timer);
  }
}

/** The library keeps it to itself, yet offers no other way to leave a connection at once. TLS replaces it. */
function socketOf(client: Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}
