import type { FileEntryWithStats, Attributes as LibraryAttributes } from "ssh2";
import { type Attributes, attributesOf, type FolderEntry } from "./attributes.ts";
import type { ResolvedOptions } from "./options.ts";
import { isRefusal, status } from "./refusal.ts";
import { type Handle, Session } from "./session.ts";
import { openTransport } from "./transport.ts";

/** Free room on a server's file system. */
export interface Room {
  readonly freeBytes: number;
  readonly freeFiles: number;
  readonly readOnly: boolean;
}

/**
 * One connection with one SFTP session on it: requests as promises, any number of them on their way. They throw `Refusal`,
 * `ConnectionLost`, and `ABORTED` when the signal is raised; what an aborted request does is not undone.
 *
 * Without requests on their way it does not keep the process alive.
 */
export class Connection {
  readonly #session: Session;
  /** So many bytes are read or written with one request. */
  readBytes: number;
  readonly writeBytes: number;

  private constructor(session: Session) {
    this.#session = session;
    const { read, write } = session.transferBytes;
    this.readBytes = read;
    this.writeBytes = write;
  }

  /** Connects and logs in. Without use it ends after `idleTimeoutMs`. Throws `TrunksError`. */
  static async open(options: ResolvedOptions, idleTimeoutMs: number): Promise<Connection> {
    const transport = await openTransport(options);
    try {
      return new Connection(new Session(transport, await transport.openSftp(), idleTimeoutMs));
    } catch (error) {
      transport.destroy();
      throw error;
    }
  }

  /** False when it has ended, by whomever. */
  get usable(): boolean {
    return this.#session.usable;
  }

  /** Whether the server offers an extension of the protocol: `hardlink@openssh.com`. */
  offers(extension: string): boolean {
    return this.#session.offers(extension);
  }

  async openFile(path: string, flags: "r" | "wx", signal?: AbortSignal): Promise<Handle> {
    return await this.#session.open((sftp, done) => sftp.open(path, flags, done), signal);
  }

  async openFolder(path: string, signal?: AbortSignal): Promise<Handle> {
    return await this.#session.open((sftp, done) => sftp.opendir(path, done), signal);
  }

  /** Gives a handle back. */
  release(handle: Handle): void {
    this.#session.release(handle);
  }

  /** Reads up to `length` bytes to the beginning of `into`: how many came, 0 at the end of the file. */
  async read(handle: Handle, into: Buffer, position: number, signal?: AbortSignal): Promise<number> {
    return await this.#session.request<number>(
      (sftp, done) => sftp.read(handle, into, 0, into.length, position, done as never),
      signal,
    );
  }

  /** Writes `bytes`, which may be used for something else as soon as this has been called. At most `writeBytes`. */
  async write(handle: Handle, bytes: Uint8Array, position: number, signal?: AbortSignal): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    await this.#session.request(
      (sftp, done) => sftp.write(handle, buffer, 0, buffer.length, position, done as never),
      signal,
    );
  }

  async fstat(handle: Handle, signal?: AbortSignal): Promise<Attributes> {
    const found = await this.#session.request<LibraryAttributes>(
      (sftp, done) => sftp.fstat(handle, done as never),
      signal,
    );
    return attributesOf(found);
  }

  /** `undefined` when nothing is there; links are followed. */
  async stat(path: string, signal?: AbortSignal): Promise<Attributes | undefined> {
    try {
      const found = await this.#session.request<LibraryAttributes>(
        (sftp, done) => sftp.stat(path, done as never),
        signal,
      );
      return attributesOf(found);
    } catch (error) {
      if (isRefusal(error, status.noSuchFile)) return undefined;
      throw error;
    }
  }

  /** Some entries of an open folder; `undefined` at its end. */
  async readFolder(handle: Handle, signal?: AbortSignal): Promise<readonly FolderEntry[] | undefined> {
    try {
      const found = await this.#session.request<FileEntryWithStats[]>(
        (sftp, done) => sftp.readdir(handle as never, done as never),
        signal,
      );
      return found.map(({ filename, attrs }) => ({ name: filename, ...attributesOf(attrs) }));
    } catch (error) {
      if (isRefusal(error, status.endOfFile)) return undefined;
      throw error;
    }
  }

  async makeFolder(path: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.mkdir(path, done as never), signal);
  }

  async removeFolder(path: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.rmdir(path, done as never), signal);
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.unlink(path, done as never), signal);
  }

  /** SSH_FXP_RENAME: what it does when the target is there depends on the server. */
  async rename(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.rename(source, target, done as never), signal);
  }

  /** `posix-rename@openssh.com`: overwrites. */
  async replace(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.ext_openssh_rename(source, target, done as never), signal);
  }

  async link(source: string, target: string, signal?: AbortSignal): Promise<void> {
    await this.#session.request((sftp, done) => sftp.ext_openssh_hardlink(source, target, done as never), signal);
  }

  /** Makes what was written to a file, or made in a folder, durable. */
  async sync(handle: Handle, signal?: AbortSignal): Promise<void> {
    await this.#session.patientRequest((sftp, done) => sftp.ext_openssh_fsync(handle, done as never), signal);
  }

  /** `undefined` where the server does not tell. */
  async room(path: string): Promise<Room | undefined> {
    if (!this.offers("statvfs@openssh.com")) return undefined;
    const found = await this.#session.request<Record<string, number>>((sftp, done) =>
      sftp.ext_openssh_statvfs(path, done as never),
    );
    const { f_frsize = 0, f_bavail = 0, f_favail = 0, f_files = 0, f_flag = 0 } = found;
    // File systems without a table of files say that they have room for none.
    const freeFiles = Number(f_files) === 0 ? 1 : Number(f_favail);
    return { freeBytes: f_frsize * f_bavail, freeFiles, readOnly: (f_flag & 1) === 1 };
  }

  /** Says goodbye to the server. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}
