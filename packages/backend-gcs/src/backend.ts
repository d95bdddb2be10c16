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
import { deleteObjects } from "./delete.ts";
import { listObjects } from "./list.ts";
import { type GcsOptions, maxBodyBytes, resolveOptions } from "./options.ts";
import { readObject } from "./read.ts";
import { GcsStore } from "./store.ts";
import { writeObject } from "./writer.ts";

/** A bucket, or a folder in one, as a backend. */
export class GcsBackend implements Backend {
  readonly name = "gcs";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes,
    rangeSizeBytes: 8 * 2 ** 20,
    rangeConcurrency: 8,
  };
  readonly #store: GcsStore;
  #closed = false;

  constructor(options: GcsOptions) {
    this.#store = new GcsStore(resolveOptions(options));
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    return await readObject(this.#store, key, options.range, options.signal);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, maxBodyBytes);
    return await writeObject(this.#store, { key, body, ifAbsent: true, signal: options.signal });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, maxBodyBytes);
    await writeObject(this.#store, { key, body, ifAbsent: false, signal: options.signal });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    return await listObjects(this.#store, { prefix, after, limit, signal });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    await deleteObjects(this.#store, keys, options.signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.destroy();
  }
}
