import { hostname } from "node:os";
import { type Body, bodySize, bodySlice, isTrunksError, type TrunksError } from "@trunks/core";
import type { Connection } from "./connection.ts";
import type { Attempt } from "./failure.ts";
import type { Folders } from "./folders.ts";
import { isRefusal, Refusal, status } from "./refusal.ts";
import { explainRefusal } from "./room.ts";
import type { Handle } from "./session.ts";
import type { SftpStore } from "./store.ts";
import { Upload } from "./upload.ts";

/** Beside the keys: no key begins with a dot. */
const folderName = ".trunks-tmp";

/** A temporary file so old belongs to nobody: its writer would have gone on writing. */
const maxAgeMs = 24 * 60 * 60 * 1000;

/** So many leftovers are removed at once. */
const maxLeftovers = 1000;

/** Who writes so much may well look after what others left behind. */
const tidyingBodyBytes = 2 ** 20;

/** What tells this writer's files from those of others, for people who look at them. */
const writer = `${hostname()
  .replaceAll(/[^A-Za-z0-9-]/g, "-")
  .slice(0, 64)}.${process.pid}`;

/** Files on their way: written here, out of sight of readers and lists, and then given their name. */
export class Temporaries {
  readonly #store: SftpStore;
  readonly #folders: Folders;
  readonly #path: string;
  #tidied = false;

  constructor(store: SftpStore, folders: Folders) {
    this.#store = store;
    this.#folders = folders;
    this.#path = store.pathOf(folderName);
  }

  /** Writes `body` to a new file and makes its bytes durable. Answers its path; leaves nothing when it throws. */
  async write(connection: Connection, body: Body, attempt: Attempt): Promise<string> {
    const path = `${this.#path}/${writer}.${crypto.randomUUID()}`;
    const file = await this.#open(connection, path, attempt);
    try {
      await this.#fill(connection, file, body, attempt);
      if (connection.offers("fsync@openssh.com")) await connection.sync(file, attempt.signal);
    } catch (error) {
      this.remove(connection, path);
      throw error instanceof Refusal ? await this.#explain(error, connection, attempt, bodySize(body)) : error;
    } finally {
      connection.release(file);
    }
    if (bodySize(body) >= tidyingBodyBytes && !this.#tidied) this.#tidy(connection, path);
    return path;
  }

  /** Removes a file that has its name or never gets one. What cannot be removed now is removed as a leftover later. */
  remove(connection: Connection, path: string): void {
    this.#store.runErrand(() => connection.remove(path));
  }

  async #open(connection: Connection, path: string, attempt: Attempt): Promise<Handle> {
    for (let tries = 0; ; tries++) {
      try {
        return await connection.openFile(path, "wx", attempt.signal);
      } catch (error) {
        if (tries < 16 && isRefusal(error, status.noSuchFile)) {
          await this.#folders.make(connection, this.#path, attempt).catch(async (reason: unknown) => {
            throw await this.#explain(reason, connection, attempt, 0);
          });
        } else throw await this.#explain(error, connection, attempt, 0);
      }
    }
  }

  async #fill(connection: Connection, file: Handle, body: Body, { signal }: Attempt): Promise<void> {
    const upload = new Upload(connection, file, signal);
    for await (const chunk of bodySlice(body)) await upload.write(chunk);
    await upload.end();
  }

  async #explain(
    error: unknown,
    connection: Connection,
    attempt: Attempt,
    neededBytes: number,
  ): Promise<TrunksError | unknown> {
    if (isTrunksError(error) || !(error instanceof Refusal)) return error;
    return await explainRefusal(error, connection, { attempt, folder: this.#store.options.root, neededBytes });
  }

  /**
   * Removes what writers that were killed have left. What is old is told by the server's clock: `path` is a file just
   * written. Best effort: others may be tidying too, or own what is there.
   */
  #tidy(connection: Connection, path: string): void {
    this.#tidied = true;
    this.#store.runErrand(async () => {
      const now = await connection.stat(path);
      if (now === undefined) return;
      const folder = await connection.openFolder(this.#path);
      const old: string[] = [];
      try {
        for (;;) {
          const entries = await connection.readFolder(folder);
          if (entries === undefined || old.length >= maxLeftovers) break;
          for (const { name, kind, modifiedMs } of entries) {
            if (kind === "file" && now.modifiedMs - modifiedMs > maxAgeMs) old.push(`${this.#path}/${name}`);
          }
        }
      } finally {
        connection.release(folder);
      }
      for (const leftover of old) await connection.remove(leftover).catch(() => {});
    });
  }
}
