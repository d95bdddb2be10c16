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
import { Deleter } from "./delete.ts";
import { Lister } from "./list.ts";
import { maxBodyBytes } from "./multipart.ts";
import { type ResolvedOptions, resolveOptions, type S3Options } from "./options.ts";
import { readObject } from "./read.ts";
import { S3Store } from "./store.ts";
import { writeObject } from "./writer.ts";

/** A bucket, or a folder in one, as a backend. */
export class S3Backend implements Backend {
  readonly name = "s3";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes,
    rangeSizeBytes: 8 * 2 ** 20,
    rangeConcurrency: 8,
  };
  readonly #options: ResolvedOptions;
  readonly #store: S3Store;
  readonly #lister: Lister;
  readonly #deleter: Deleter;
  #closed = false;

  constructor(options: S3Options) {
    this.#options = resolveOptions(options);
    this.#store = new S3Store(this.#options);
    this.#lister = new Lister(this.#store);
    this.#deleter = new Deleter(this.#store);
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
    return await this.#lister.list({ prefix, after, limit, signal });
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    await this.#deleter.delete(keys, options.signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.destroy();
  }
}
