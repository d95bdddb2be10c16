import {
  type Backend,
  type Body,
  bodySize,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  checkRequest,
  type GetOptions,
  type ListedKey,
  type ListOptions,
  type ListPage,
  type Operation,
  type RequestOptions,
} from "@trunks/core";
import { type Attempt, failure } from "./failure.ts";
import { Folders, parentOf } from "./folders.ts";
import { resolveOptions, type SftpOptions } from "./options.ts";
import { Place } from "./place.ts";
import { readFile } from "./read.ts";
import { removeFiles } from "./removal.ts";
import { SftpStore } from "./store.ts";
import { Temporaries } from "./temporaries.ts";
import { walk } from "./walk.ts";

/** From this size on it is worth asking whether the key is taken before a body is sent. */
const dearBodyBytes = 65_536;

/**
 * A folder on an SFTP server: a key is a file of that path. Bodies are written to `.trunks-tmp` in the root, synced where
 * the server offers that, and then given their name by a hard link, which exactly one of many writers can make.
 */
export class SftpBackend implements Backend {
  readonly name = "sftp";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    rangeSizeBytes: 16 * 2 ** 20,
    rangeConcurrency: 1,
  };
  readonly #store: SftpStore;
  readonly #folders: Folders;
  readonly #temporaries: Temporaries;
  readonly #place: Place;
  #closing: Promise<void> | undefined;

  /** Does nothing but remember. Throws `CONFIG_INVALID` for options that cannot be. */
  constructor(options: SftpOptions) {
    this.#store = new SftpStore(resolveOptions(options));
    this.#folders = new Folders(this.#store);
    this.#temporaries = new Temporaries(this.#store, this.#folders);
    this.#place = new Place(this.#folders, this.#temporaries);
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    const attempt = this.#begin("get", options, key);
    checkKey(key);
    return await readFile(this.#store, this.#store.pathOf(key), options.range, attempt);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    const attempt = this.#begin("create", options, key);
    checkKey(key);
    const path = this.#store.pathOf(key);
    return await this.#store.run(attempt, async (connection) => {
      // Saves the loser of a race that is over the sending of its body.
      const isTaken = bodySize(body) >= dearBodyBytes && (await connection.stat(path, options.signal))?.kind === "file";
      let created = false;
      if (!isTaken) {
        const temporary = await this.#temporaries.write(connection, body, attempt);
        created = await this.#place.create(connection, temporary, path, attempt);
      }
      // For the loser too: what it was told to be there must not be gone after a loss of power.
      await this.#folders.settle(connection, parentOf(path), attempt).catch((error: unknown) => {
        throw created ? unsettled(error, attempt, "final") : error;
      });
      return created;
    });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    const attempt = this.#begin("put", options, key);
    checkKey(key);
    const path = this.#store.pathOf(key);
    await this.#store.run(attempt, async (connection) => {
      const temporary = await this.#temporaries.write(connection, body, attempt);
      await this.#place.replace(connection, temporary, path, attempt);
      await this.#folders.settle(connection, parentOf(path), attempt).catch((error: unknown) => {
        throw unsettled(error, attempt, "repeatable");
      });
    });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    const attempt = this.#begin("list", options);
    checkPrefix(prefix);
    const { after = "", limit = 1000 } = options;
    const path = prefix === "" ? this.#store.options.root : this.#store.pathOf(prefix.slice(0, -1));
    return await this.#store.run(attempt, async (connection) => {
      const keys: ListedKey[] = [];
      for await (const key of walk(connection, path, prefix, after, attempt)) {
        if (keys.length === limit) return { keys, more: true };
        keys.push(key);
      }
      if (keys.length === 0) await this.#store.checkRoot(connection, attempt);
      return { keys, more: false };
    });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    const attempt = this.#begin("delete", options);
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return;
    const paths = keys.map((key) => this.#store.pathOf(key));
    await this.#store.run(
      attempt,
      async (connection) => {
        const { removed } = await removeFiles(connection, paths, this.#folders, attempt);
        if (removed === 0) await this.#store.checkRoot(connection, attempt);
      },
      "repeatable",
    );
  }

  async close(): Promise<void> {
    this.#closing ??= this.#store.close();
    await this.#closing;
  }

  #begin(operation: Operation, options: RequestOptions, key?: string): Attempt {
    checkRequest(this.#closing !== undefined, options);
    return { operation, key, signal: options.signal, place: this.#store.options.place };
  }
}

/** The key is there, and may be gone after a loss of power. */
function unsettled(error: unknown, attempt: Attempt, loss: "repeatable" | "final"): unknown {
  const { code, message } = failure(error, attempt, loss);
  if (code === "ABORTED" || code === "OUTCOME_UNKNOWN") return failure(error, attempt, loss);
  return failure(new Error(`${message}, when its folder was to be made durable`), attempt, loss);
}
