import { closedError, TrunksError, unlessAborted } from "@trunks/core";
import { Connection } from "./connection.ts";
import { type Attempt, failure, headOf, type Loss } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";
import { ConnectionLost } from "./refusal.ts";

/** A connection without use is closed after so long. */
const idleTimeoutMs = 60_000;

/** What nobody waits for is given so long when the backend is closed. */
const errandTimeoutMs = 1000;

/** The server, with one kind of error, and with one connection that is opened when it is needed. */
export class SftpStore {
  readonly options: ResolvedOptions;
  #opening: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  /** Whether the root was there when the connection began. */
  #rootSeen: Promise<boolean> = Promise.resolve(false);
  readonly #errands = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ResolvedOptions) {
    this.options = options;
  }

  /** The path of a key, or of a folder of keys. */
  pathOf(key: string): string {
    const { root } = this.options;
    return root === "" || root.endsWith("/") ? root + key : `${root}/${key}`;
  }

  /** Runs `use` with the connection. What it throws becomes a `TrunksError`. */
  async run<Result>(
    attempt: Attempt,
    use: (connection: Connection) => Promise<Result>,
    loss: Loss = "harmless",
  ): Promise<Result> {
    const connection = await this.#connect(attempt.signal);
    try {
      return await use(connection);
    } catch (error) {
      if (this.#closed && error instanceof ConnectionLost && loss === "harmless") throw closedError();
      throw failure(error, attempt, loss);
    }
  }

  /** Throws `NOT_FOUND` when the root is not there. It is never made here. */
  async checkRoot(connection: Connection, attempt: Attempt): Promise<void> {
    const { root, route } = this.options;
    if (await this.#rootSeen) return;
    if ((await connection.stat(root || ".", attempt.signal))?.kind === "folder") return;
    const { host, port, user } = route.at(-1) as (typeof route)[number];
    const command = `ssh ${port === 22 ? "" : `-p ${port} `}${user}@${host} mkdir -p ${JSON.stringify(root)}`;
    throw new TrunksError("NOT_FOUND", `${headOf(attempt)} has no folder ${root || "for this user"}`, {
      hint: `check the path, or make it: ${command}`,
    });
  }

  /** Does something that nobody waits for, and whose failure hurts nobody. `close` waits for it, a little. */
  runErrand(errand: () => Promise<unknown>): void {
    const running = errand()
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#errands.delete(running));
    this.#errands.add(running);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, errandTimeoutMs);
    await Promise.race([Promise.all(this.#errands), timeout.promise]);
    clearTimeout(timer);
    const connection = await this.#opening?.catch(() => undefined);
    await (connection ?? this.#connection)?.close();
  }

  async #connect(signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#connection?.usable) return this.#connection;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return await unlessAborted(this.#opening, signal);
  }

  async #open(): Promise<Connection> {
    if (this.#closed) throw closedError();
    const connection = await Connection.open(this.options, idleTimeoutMs);
    if (this.#closed) {
      void connection.close();
      throw closedError();
    }
    this.#connection = connection;
    // Asked beside the first request, because "absent" is only true of a root that is there.
    this.#rootSeen = connection.stat(this.options.root || ".").then(
      (found) => found?.kind === "folder",
      () => false,
    );
    return connection;
  }
}
