import type { TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import { abortedError } from "./failure.ts";

/** A connection without use is closed after so long. */
const idleTimeoutMs = 30_000;

interface Idle {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
}

interface Waiter {
  resolve(connection: Connection | undefined): void;
  reject(error: TrunksError): void;
}

/** Connections, opened when they are needed, a bounded number of them. */
export class Pool {
  readonly #most: number;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<Connection>();
  readonly #waiters: Waiter[] = [];
  /** Connections that are open or being opened. */
  #count = 0;
  #closedError: TrunksError | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** A connection for the caller alone, an idle one or one that `open` makes. Give it back with `release`. */
  async take(open: () => Promise<Connection>, signal: AbortSignal | undefined): Promise<Connection> {
    const idle = this.#takeIdle() ?? (await this.#turn(signal));
    if (idle !== undefined) return idle;
    try {
      const connection = await open();
      if (this.#closedError !== undefined) {
        connection.destroy("closed");
        throw this.#closedError;
      }
      this.#busy.add(connection);
      return connection;
    } catch (error) {
      this.#lose();
      throw error;
    }
  }

  release(connection: Connection): void {
    this.#busy.delete(connection);
    if (!connection.usable || this.#closedError !== undefined) {
      connection.destroy("closed");
      this.#lose();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.#busy.add(connection);
      waiter.resolve(connection);
      return;
    }
    connection.idle = true;
    const timer = setTimeout(() => this.#retire(connection), idleTimeoutMs).unref();
    this.#idle.push({ connection, timer });
  }

  /** Closes all connections; whoever uses one or waits for one gets an error. */
  async close(error: TrunksError): Promise<void> {
    this.#closedError = error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    for (const connection of this.#busy) connection.destroy("closed");
    const idle = this.#idle.splice(0);
    await Promise.all(
      idle.map(({ connection, timer }) => {
        clearTimeout(timer);
        return connection.close();
      }),
    );
  }

  /** The one used last: the others come of age. */
  #takeIdle(): Connection | undefined {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      clearTimeout(found.timer);
      if (!found.connection.usable) {
        this.#count--;
        continue;
      }
      found.connection.idle = false;
      this.#busy.add(found.connection);
      return found.connection;
    }
    return undefined;
  }

  /** Waits for the right to open a connection (`undefined`), or for one that another has finished with. */
  async #turn(signal: AbortSignal | undefined): Promise<Connection | undefined> {
    if (this.#count < this.#most) {
      this.#count++;
      return undefined;
    }
    return await new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve(connection) {
          signal?.removeEventListener("abort", leave);
          resolve(connection);
        },
        reject,
      };
      const leave = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortedError(signal as AbortSignal));
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** One connection fewer: the next who waits may open one. */
  #lose(): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#count--;
    else waiter.resolve(undefined);
  }

  #retire(connection: Connection): void {
    const index = this.#idle.findIndex((idle) => idle.connection === connection);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    this.#count--;
    void connection.close();
  }
}
