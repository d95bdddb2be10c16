import {
  type Backend,
  type Body,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  checkRequest,
  checkWrite,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type RequestOptions,
} from "@trunks/core";
import { type PostgresOptions, resolveOptions } from "./options.ts";
import { readBody } from "./read.ts";
import { PostgresStore } from "./store.ts";
import { writeBody } from "./writer.ts";

const deleteBatch = 1000;
/** As many rows as numbers for them. In practice the disk is full before. */
const maxBodyBytes = 2 ** 40;

/** A table of a database, or a folder in one, as a backend. */
export class PostgresBackend implements Backend {
  readonly name = "postgres";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes,
    rangeSizeBytes: 4 * 2 ** 20,
    rangeConcurrency: 4,
  };
  readonly #store: PostgresStore;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresOptions) {
    this.#store = new PostgresStore(resolveOptions(options));
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closing !== undefined, options);
    checkKey(key);
    return await readBody(this.#store, key, options.range, options.signal);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closing !== undefined, options);
    checkWrite(key, body, maxBodyBytes);
    return await writeBody(this.#store, { key, body, ifAbsent: true, signal: options.signal });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closing !== undefined, options);
    checkWrite(key, body, maxBodyBytes);
    await writeBody(this.#store, { key, body, ifAbsent: false, signal: options.signal });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closing !== undefined, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    const { keyPrefix } = this.#store.options;
    const statement = this.#store.statements.list(keyPrefix + prefix, keyPrefix + after, limit);
    const { rows } = await this.#store.read(statement, { operation: "list", loss: "harmless", signal });
    const keys = rows.slice(0, limit).map(({ key, size, modified_ms: modifiedMs }) => {
      return { key: (key as string).slice(keyPrefix.length), size: size as number, modifiedMs: modifiedMs as number };
    });
    return { keys, more: rows.length > limit };
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closing !== undefined, options);
    for (const key of keys) checkKey(key);
    const { keyPrefix } = this.#store.options;
    for (let start = 0; start < keys.length; start += deleteBatch) {
      const batch = keys.slice(start, start + deleteBatch).map((key) => keyPrefix + key);
      const attempt = { operation: "delete", loss: "repeatable", signal: options.signal } as const;
      await this.#store.read(this.#store.statements.delete(batch), attempt);
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#store.close();
    await this.#closing;
  }
}
