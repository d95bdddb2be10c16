import { abortedError } from "@trunks/core";
import type { SFTPWrapper } from "ssh2";
import { ConnectionLost, Refusal, status } from "./refusal.ts";
import type { Transport } from "./transport.ts";

/** A server that has gone away is not waited for. */
const goodbyeTimeoutMs = 1000;

/** What every server takes; those that say that they take more get more. */
const leastTransferBytes = 32_768;
const mostTransferBytes = 2 ** 18 - 2 ** 11;

/** So many handles may wait to be closed. */
const mostReleased = 8;

export type Handle = Buffer;

type Callback<Answer> = (error: Error | undefined | null, answer: Answer) => void;
/** Asks the library, which calls back once. */
type Send<Answer> = (sftp: SFTPWrapper, done: Callback<Answer>) => void;

/**
 * The SFTP session of a connection: its requests as promises, its handles, and its end, by whomever. Requests throw as those of
 * `Connection` do.
 */
export class Session {
  readonly #transport: Transport;
  readonly #sftp: SFTPWrapper;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #idleTimeoutMs: number;
  #idleTimer: NodeJS.Timeout | undefined;
  #lost: Error | undefined;
  #openHandles = 0;
  /** Handles that nobody needs any more. Who is about to leave need not close them, and a connection's end does. */
  #released: Handle[] = [];

  /** Without use it ends after `idleTimeoutMs`. */
  constructor(transport: Transport, sftp: SFTPWrapper, idleTimeoutMs: number) {
    this.#transport = transport;
    this.#sftp = sftp;
    this.#idleTimeoutMs = idleTimeoutMs;
    sftp.on("error", (error: Error) => this.#lose(error.message));
    for (const event of ["end", "close"]) sftp.on(event, () => this.#lose("the server ended the session"));
    transport.onLost((reason) => this.#lose(reason));
    this.#rest();
  }

  /** False when it has ended, by whomever. */
  get usable(): boolean {
    return this.#lost === undefined;
  }

  /** How many bytes one request may read, and write. */
  get transferBytes(): { readonly read: number; readonly write: number } {
    const { _maxReadLen, _maxWriteLen } = this.#sftp as unknown as Limits;
    // The library believes that what stands behind OpenSSH's server is OpenSSH's too, which need not be so.
    const known = this.offers("limits@openssh.com");
    return {
      read: known ? Math.min(_maxReadLen, mostTransferBytes) : leastTransferBytes,
      write: known ? Math.min(_maxWriteLen, mostTransferBytes) : leastTransferBytes,
    };
  }

  /** Whether the server offers an extension of the protocol: `hardlink@openssh.com`. */
  offers(extension: string): boolean {
    return (this.#sftp as unknown as Limits)._extensions[extension] !== undefined;
  }

  request<Answer>(send: Send<Answer>, signal?: AbortSignal): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (signal?.aborted) return reject(abortedError(signal));
      if (this.#lost !== undefined) return reject(this.#lost);
      const settle = () => {
        this.#pending.delete(fail);
        signal?.removeEventListener("abort", abort);
        this.#rest();
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const abort = () => reject(abortedError(signal as AbortSignal));
      signal?.addEventListener("abort", abort, { once: true });
      this.#work(fail);
      try {
        send(this.#sftp, (error, answer) => {
          if (error) fail(readError(error));
          else {
            settle();
            resolve(answer);
          }
        });
      } catch (error) {
        // So the library says that the server does not offer an extension.
        fail(new Refusal(status.unsupported, (error as Error).message));
      }
    });
  }

  /** The same for what a slow disk may keep silent for a long time. */
  async patientRequest(send: Send<unknown>, signal?: AbortSignal): Promise<void> {
    this.#transport.patients++;
    try {
      await this.request(send, signal);
    } finally {
      this.#transport.patients--;
    }
  }

  /** The same for what opens a handle, which must be given back. */
  async open(send: Send<Handle>, signal?: AbortSignal): Promise<Handle> {
    this.#closeReleased();
    let wanted = true;
    const answer = this.request<Handle>((sftp, done) => {
      send(sftp, (error, handle) => {
        // One that comes too late for its caller is given back by nobody else.
        if (!wanted && handle !== undefined && this.usable) this.#released.push(handle);
        done(error, handle);
      });
    }, signal);
    try {
      const handle = await answer;
      this.#openHandles++;
      return handle;
    } catch (error) {
      wanted = false;
      throw error;
    }
  }

  /** Gives a handle back. */
  release(handle: Handle): void {
    this.#openHandles--;
    if (this.usable) this.#released.push(handle);
    this.#rest();
  }

  /** Says goodbye to the server. */
  async close(): Promise<void> {
    this.#lose("closed");
    const timer = setTimeout(() => this.#transport.destroy(), goodbyeTimeoutMs);
    await this.#transport.end();
    clearTimeout(timer);
  }

  #closeReleased(): void {
    if (this.#released.length < mostReleased) return;
    for (const handle of this.#released.splice(0)) {
      void this.request((sftp, done) => sftp.close(handle, done as never)).catch(() => {});
    }
  }

  #work(fail: (error: Error) => void): void {
    if (this.#pending.size === 0) {
      clearTimeout(this.#idleTimer);
      this.#transport.watch();
    }
    this.#pending.add(fail);
  }

  /** Called when a request has ended or a handle was given back. */
  #rest(): void {
    if (this.#pending.size > 0 || !this.usable) return;
    this.#transport.unwatch();
    clearTimeout(this.#idleTimer);
    if (this.#openHandles > 0) return;
    this.#idleTimer = setTimeout(() => void this.close(), this.#idleTimeoutMs).unref();
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(reason);
    clearTimeout(this.#idleTimer);
    this.#released = [];
    for (const fail of [...this.#pending]) fail(this.#lost);
    this.#transport.unwatch();
    if (reason !== "closed") this.#transport.destroy();
  }
}

/** What the library keeps to itself. */
interface Limits {
  readonly _maxReadLen: number;
  readonly _maxWriteLen: number;
  readonly _extensions: Readonly<Record<string, string>>;
}

function readError(error: Error): Error {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? new Refusal(code, error.message) : new ConnectionLost(error.message);
}
