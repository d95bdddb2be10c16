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
import { maxBodyBytes } from "./blocks.ts";
import { deleteBlobs } from "./delete.ts";
import { Lister } from "./list.ts";
import { type AzureOptions, resolveOptions } from "./options.ts";
import { readBlob } from "./read.ts";
import { AzureStore } from "./store.ts";
import { writeBlob } from "./writer.ts";

/** A container, or a folder in one, as a backend. */
export class AzureBackend implements Backend {
  readonly name = "azure";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes,
    rangeSizeBytes: 8 * 2 ** 20,
    rangeConcurrency: 8,
  };
  readonly #store: AzureStore;
  readonly #lister: Lister;
  #closed = false;

  constructor(options: AzureOptions) {
    this.#store = new AzureStore(resolveOptions(options));
    this.#lister = new Lister(this.#store);
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    return await readBlob(this.#store, key, options.range, options.signal);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, maxBodyBytes);
    return await writeBlob(this.#store, { key, body, ifAbsent: true, signal: options.signal });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, maxBodyBytes);
    await writeBlob(this.#store, { key, body, ifAbsent: false, signal: options.signal });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    return await this.#lister.list({ prefix, after, limit, signal });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    await deleteBlobs(this.#store, keys, options.signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.destroy();
  }
}
