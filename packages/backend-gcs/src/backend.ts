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
import { deleteObjects } from "./delete.ts";
import { abortedError } from "./failure.ts";
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
    this.#begin(options);
    checkKey(key);
    return await readObject(this.#store, key, options.range, options.signal);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    this.#begin(options);
    this.#checkBody(key, body);
    return await writeObject(this.#store, { key, body, ifAbsent: true, signal: options.signal });
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    this.#begin(options);
    this.#checkBody(key, body);
    await writeObject(this.#store, { key, body, ifAbsent: false, signal: options.signal });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    this.#begin(options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    return await listObjects(this.#store, { prefix, after, limit, signal });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    this.#begin(options);
    for (const key of keys) checkKey(key);
    await deleteObjects(this.#store, keys, options.signal);
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
