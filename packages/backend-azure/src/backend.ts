import {
  type Backend,
  type Body,
  bodySize,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type RequestOptions,
  TrunksError,
} from "@trunks/core";
import { maxBodyBytes } from "./blocks.ts";
import { deleteBlobs } from "./delete.ts";
import { abortedError } from "./failure.ts";
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
    this.#begin(options);
    checkKey(key);
    return await readBlob(this.#store, key, options.range, options.signal);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    this.#begin(options);
    this.#checkBody(key, body);
    return await writeBlob(this.#store, { key, body, ifAbsent: true, signal: options.signal });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    this.#begin(options);
    this.#checkBody(key, body);
    await writeBlob(this.#store, { key, body, ifAbsent: false, signal: options.signal });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    this.#begin(options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    return await this.#lister.list({ prefix, after, limit, signal });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    this.#begin(options);
    for (const key of keys) checkKey(key);
    await deleteBlobs(this.#store, keys, options.signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.destroy();
  }

  #begin({ signal }: RequestOptions): void {
    if (this.#closed) throw new TrunksError("CLOSED", "this backend was closed");
    if (signal?.aborted) throw abortedError(signal);
  }

  #checkBody(key: string, body: Body): void {
    checkKey(key);
    if (bodySize(body) <= maxBodyBytes) return;
    throw new TrunksError("NOT_SUPPORTED", `${key}: a body of ${bodySize(body)} bytes; the limit is ${maxBodyBytes}`);
  }
}
