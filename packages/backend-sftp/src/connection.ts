import { abortedError } from "@trunks/core";
import type { Attributes, FileEntryWithStats, SFTPWrapper } from "ssh2";
import type { ResolvedOptions } from "./options.ts";
import { ConnectionLost, isRefusal, Refusal, status } from "./refusal.ts";
import { openTransport, type Transport } from "./transport.ts";

/** A server that has gone away is not waited for. */
const goodbyeTimeoutMs = 1000;

/** What every server takes; those that say that they take more get more. */
const leastTransferBytes = 32_768;
const mostTransferBytes = 2 ** 18 - 2 ** 11;

/** So many handles may wait to be closed. */
const mostReleased = 8;

export type Handle = Buffer;

/** What a server says of a file or folder. */
export interface Attributes3 {
  readonly kind: "file" | "folder" | "other" | "link" | "unknown";
  readonly size: number;
  readonly modifiedMs: number;
}

export interface FolderEntry extends Attributes3 {
  readonly name: string;
}

/** Free room on a server's file system. */
export interface Room {
  readonly freeBytes: number;
  readonly freeFiles: number;
  readonly readOnly: boolean;
}

type Callback<Answer> = (error: Error | undefined | null, answer: Answer) => void;

/**
 * One connection with one SFTP session on it: requests as promises, any number of them on their way. They throw `Refusal`,
 * `ConnectionLost`, and `ABORTED` when the signal is raised; what an aborted request does is not undone.
 *
 * Without requests on their way it does not keep the process alive.
 */
export class Connection {
  readonly #transport: Transport;
  readonly #sftp: SFTPWrapper;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #idleTimeoutMs: number;
  #idleTimer: NodeJS.Timeout | undefined;
  #lost: Error | undefined;
  #openHandles = 0;
  /** Handles that nobody needs any more. Who is about to leave need not close them, and a connection's end does. */
  #released: Handle[] = [];
  /** So many bytes are read or written with one request. */
  readBytes: number;
  readonly writeBytes: number;

  private constructor(transport: Transport, sftp: SFTPWrapper, idleTimeoutMs: number) {
    this.#transport = transport;
    this.#sftp = sftp;
    this.#idleTimeoutMs = idleTimeoutMs;
    const { _maxReadLen, _maxWriteLen, _extensions } = sftp as unknown as Limits;
    // The library believes that what stands behind OpenSSH's server is OpenSSH's too, which need not be so.
    const known = _extensions["limits@openssh.com"] !== undefined;
    this.readBytes = known ? Math.min(_maxReadLen, mostTransferBytes) : leastTransferBytes;
    this.writeBytes = known ? Math.min(_maxWriteLen, mostTransferBytes) : leastTransferBytes;
    sftp.on("error", (error: Error) => this.#lose(error.message));
    for (const event of ["end", "close"]) sftp.on(event, () => this.#lose("the server ended the session"));
    transport.onLost((reason) => this.#lose(reason));
    this.#rest();
  }

  /** Connects and logs in. Without use it ends after `idleTimeoutMs`. Throws `TrunksError`. */
  static async open(options: ResolvedOptions, idleTimeoutMs: number): Promise<Connection> {
    const transport = await openTransport(options);
    try {
      return new Connection(transport, await transport.openSftp(), idleTimeoutMs);
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  /** False when it has ended, by whomever. */
  get usable(): boolean {
    return this.#lost === undefined;
  }

  /** Whether the server offers an extension of the protocol: `hardlink@openssh.com`. */
  offers(extension: string): boolean {
    return (this.#sftp as unknown as Limits)._extensions[extension] !== undefined;
  }

  async openFile(path: string, flags: "r" | "wx", signal?: AbortSignal): Promise<Handle> {
    this.#sendReleased();
    return await this.#handle((done) => this.#sftp.open(path, flags, done), signal);
  }

  async openFolder(path: string, signal?: AbortSignal): Promise<Handle> {
    this.#sendReleased();
    return await this.#handle((done) => this.#sftp.opendir(path, done), signal);
  }

  /** Gives a handle back. */
  release(handle: Handle): void {
    this.#openHandles--;
    if (this.usable) this.#released.push(handle);
    this.#rest();
  }

  /** Reads up to `length` bytes to the beginning of `into`: how many came, 0 at the end of the file. */
  async read(handle: Handle, into: Buffer, position: number, signal?: AbortSignal): Promise<number> {
    return await this.#request<number>(
      (done) => this.#sftp.read(handle, into, 0, into.length, position, done as never),
      signal,
    );
  }

  /** Writes `bytes`, which may be used for something else as soon as this has been called. At most `writeBytes`. */
  async write(handle: Handle, bytes: Uint8Array, position: number, signal?: AbortSignal): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    await this.#request((done) => this.#sftp.write(handle, buffer, 0, buffer.length, position, done as never), signal);
  }

  async fstat(handle: Handle, signal?: AbortSignal): Promise<Attributes3> {
    return attributes(await this.#request<Attributes>((done) => this.#sftp.fstat(handle, done as never), signal));
  }

  /** `undefined` when nothing is there; links are followed. */
  async stat(path: string, signal?: AbortSignal): Promise<Attributes3 | undefined> {
    try {
      return attributes(await this.#request<Attributes>((done) => this.#sftp.stat(path, done as never), signal));
    } catch (error) {
      if (isRefusal(error, status.noSuchFile)) return undefined;
      throw error;
    }
  }

  /** Some entries of an open folder; `undefined` at its end. */
  async readFolder(handle: Handle, signal?: AbortSignal): Promise<readonly FolderEntry[] | undefined> {
    try {
      const found = await this.#request<FileEntryWithStats[]>(
        (done) => this.#sftp.readdir(handle as never, done as never),
        signal,
      );
      return found.map(({ filename, attrs }) => ({ name: filename, ...attributes(attrs) }));
    } catch (error) {
      if (isRefusal(error, status.endOfFile)) return undefined;
      throw error;
    }
  }

  async makeFolder(path: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.mkdir(path, done as never), signal);
  }

  async removeFolder(path: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.rmdir(path, done as never), signal);
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.unlink(path, done as never), signal);
  }

  /** SSH_FXP_RENAME: what it does when the target is there depends on the server. */
  async rename(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.rename(source, target, done as never), signal);
  }

  /** `posix-rename@openssh.com`: overwrites. */
  async replace(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.ext_openssh_rename(source, target, done as never), signal);
  }

  async link(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#request((done) => this.#sftp.ext_openssh_hardlink(source, target, done as never), signal);
  }

  /** Makes what was written to a file, or made in a folder, durable. A slow disk may be silent for a long time. */
  async sync(handle: Handle, signal?: AbortSignal): Promise<void> {
    this.#transport.patients++;
    try {
      await this.#request((done) => this.#sftp.ext_openssh_fsync(handle, done as never), signal);
    } finally {
      this.#transport.patients--;
    }
  }

  /** `undefined` where the server does not tell. */
  async room(path: string): Promise<Room | undefined> {
    if (!this.offers("statvfs@openssh.com")) return undefined;
    const found = await this.#request<Record<string, number>>((done) =>
      this.#sftp.ext_openssh_statvfs(path, done as never),
    );
    const { f_frsize = 0, f_bavail = 0, f_favail = 0, f_files = 0, f_flag = 0 } = found;
    // File systems without a table of files say that they have room for none.
    const freeFiles = Number(f_files) === 0 ? 1 : Number(f_favail);
    return { freeBytes: f_frsize * f_bavail, freeFiles, readOnly: (f_flag & 1) === 1 };
  }

  /** Says goodbye to the server. */
  async close(): Promise<void> {
    this.#lose("closed");
    const timer = setTimeout(() => this.#transport.destroy(), goodbyeTimeoutMs);
    await this.#transport.end();
    clearTimeout(timer);
  }

  async #handle(send: (done: Callback<Handle>) => void, signal: AbortSignal | undefined): Promise<Handle> {
    let wanted = true;
    const answer = this.#request<Handle>((done) => {
      send((error, handle) => {
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

  #request<Answer>(send: (done: Callback<Answer>) => void, signal?: AbortSignal): Promise<Answer> {
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
        send((error, answer) => {
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

  #sendReleased(): void {
    if (this.#released.length < mostReleased) return;
    for (const handle of this.#released.splice(0)) {
      void this.#request((done) => this.#sftp.close(handle, done as never)).catch(() => {});
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

/** File types in the bits of `permissions`: POSIX, sys/stat.h. */
const kinds: Readonly<Record<number, Attributes3["kind"]>> = { 4: "folder", 8: "file", 10: "link" };

function attributes({ mode, size, mtime }: Attributes): Attributes3 {
  const kind = mode === undefined ? "unknown" : (kinds[mode >> 12] ?? "other");
  return { kind, size: size ?? 0, modifiedMs: (mtime ?? 0) * 1000 };
}
