import { abortedError, type TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";

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

/** Bounds of how long is waited for an open connection before another one is opened. */
const leastPatienceMs = 20;
const mostPatienceMs = 1000;
/** To open a connection takes about as many round trips as so many statements. */
const shortQueue = 4;

/**
 * Connections, opened when they are needed, a bounded number of them. Who finds all in use waits for one as long as it
 * took to open the last, and only then opens another: most statements are done sooner, and a connection is dear to the
 * server too. The first few in the queue wait longer: another connection would serve them no sooner, unless one is stuck.
 */
export class Pool {
  readonly #most: number;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<Connection>();
  readonly #waiters: Waiter[] = [];
  /** Connections that are open or being opened. */
  #count = 0;
  #opening = 0;
  #patienceMs = leastPatienceMs;
  #lastOpenedMs = 0;
  #closedError: TrunksError | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * A connection for the caller alone, an idle one or one that `open` makes. Give it back with `release`. Who is impatient
   * does not wait for another's connection while one more is allowed.
   */
  async take(
    open: () => Promise<Connection>,
    signal: AbortSignal | undefined,
    isImpatient = false,
  ): Promise<Connection> {
    const idle = this.#takeIdle() ?? (await this.#turn(signal, isImpatient));
    if (idle !== undefined) return idle;
    this.#opening++;
    try {
      const started = performance.now();
      const connection = await open();
      this.#lastOpenedMs = performance.now();
      this.#patienceMs = Math.min(Math.max(this.#lastOpenedMs - started, leastPatienceMs), mostPatienceMs);
      if (this.#closedError !== undefined) {
        connection.destroy("closed");
        throw this.#closedError;
      }
      this.#busy.add(connection);
      return connection;
    } catch (error) {
      this.#lose();
      throw error;
    } finally {
      this.#opening--;
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
  async #turn(signal: AbortSignal | undefined, isImpatient: boolean): Promise<Connection | undefined> {
    if (this.#count === 0 || (isImpatient && this.#count < this.#most)) {
      this.#count++;
      return undefined;
    }
    const turn = Promise.withResolvers<Connection | undefined>();
    const waiter: Waiter = { resolve: turn.resolve, reject: turn.reject };
    this.#waiters.push(waiter);
    const leave = () => {
      if (this.#forget(waiter)) turn.reject(abortedError(signal as AbortSignal));
    };
    signal?.addEventListener("abort", leave, { once: true });
    const timer = this.#growWhenPatienceEnds(waiter);
    try {
      return await turn.promise;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", leave);
    }
  }

  #growWhenPatienceEnds(waiter: Waiter): NodeJS.Timeout {
    const startedMs = performance.now();
    return setInterval(() => {
      const waitedMs = performance.now() - Math.max(startedMs, this.#lastOpenedMs);
      const isSoon = this.#waiters.indexOf(waiter) < shortQueue;
      if (waitedMs < (isSoon ? mostPatienceMs : this.#patienceMs)) return;
      if (this.#opening > 0 || this.#count >= this.#most || !this.#forget(waiter)) return;
      this.#count++;
      waiter.resolve(undefined);
    }, leastPatienceMs / 2);
  }

  /** Whether the waiter was still waiting. */
  #forget(waiter: Waiter): boolean {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
    return index >= 0;
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
