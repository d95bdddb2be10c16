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
  type ListedKey,
  type ListOptions,
  type ListPage,
  type RequestOptions,
  TrunksError,
  unlessAborted,
} from "@trunks/core";
import type { R2Binding, R2Object } from "./binding.ts";
import { failure } from "./failure.ts";
import { keyPrefix, type R2Options } from "./options.ts";
import { readObject } from "./read.ts";
import { writeObject } from "./write.ts";

/** R2's own limit of one upload: 4.995 GiB. Uploads in parts know no condition. */
const maxBodyBytes = 5 * 2 ** 30 - 5 * 2 ** 20;
/** R2's own limit of a request. */
const deleteBatchSize = 1000;

/** A bucket that is bound to a Worker, or a folder in one, as a backend. */
export class R2Backend implements Backend {
  readonly name = "r2";
  readonly capabilities: Capabilities = {
    promptList: true,
    maxBodyBytes,
    rangeSizeBytes: 8 * 2 ** 20,
    // A Worker has six connections at once.
    rangeConcurrency: 4,
  };
  readonly #bucket: R2Binding;
  readonly #prefix: string;
  #closed = false;

  constructor(options: R2Options) {
    this.#bucket = options.bucket;
    this.#prefix = keyPrefix(options);
  }

  async get(key: string, options: GetOptions = {}): Promise<Content | undefined> {
    checkRequest(this.#closed, options);
    checkKey(key);
    return await readObject(this.#bucket, { storedKey: this.#prefix + key, key, ...options });
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    return await this.#write(key, body, true, options);
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    await this.#write(key, body, false, options);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    checkRequest(this.#closed, options);
    checkPrefix(prefix);
    const { after = "", limit = 1000, signal } = options;
    const place = this.#prefix + prefix;
    for (let startAfter = after === "" ? undefined : this.#prefix + after; ; ) {
      const page = await this.#page(place, startAfter, limit, prefix, signal);
      const keys = page.objects.flatMap((object) => this.#listedKey(object)).filter(({ key }) => key > after);
      if (keys.length > 0 || !page.truncated) return { keys, more: page.truncated };
      const last = page.objects.at(-1)?.key;
      // None of ours on this page; R2 says that more follow.
      if (last === undefined || last === startAfter) {
        throw new TrunksError("UNAVAILABLE", `list ${prefix}: R2 lists without getting on`, { retryable: true });
      }
      startAfter = last;
    }
  }

  async delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    checkRequest(this.#closed, options);
    for (const key of keys) checkKey(key);
    const { signal } = options;
    for (let start = 0; start < keys.length; start += deleteBatchSize) {
      const batch = keys.slice(start, start + deleteBatchSize).map((key) => this.#prefix + key);
      try {
        await unlessAborted(this.#bucket.delete(batch), signal);
      } catch (error) {
        throw failure(error, "delete", keys[start] as string, signal);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #write(key: string, body: Body, ifAbsent: boolean, options: RequestOptions): Promise<boolean> {
    checkRequest(this.#closed, options);
    checkWrite(key, body, maxBodyBytes);
    return await writeObject(this.#bucket, { storedKey: this.#prefix + key, key, body, ifAbsent, ...options });
  }

  async #page(
    place: string,
    startAfter: string | undefined,
    limit: number,
    prefix: string,
    signal: AbortSignal | undefined,
  ) {
    try {
      return await unlessAborted(this.#bucket.list({ prefix: place, startAfter, limit }), signal);
    } catch (error) {
      throw failure(error, "list", prefix, signal);
    }
  }

  /** Others' objects below the same path whose names are no keys are left out. */
  #listedKey({ key: storedKey, size, uploaded }: R2Object): ListedKey[] {
    const key = storedKey.slice(this.#prefix.length);
    try {
      checkKey(key);
      return [{ key, size, modifiedMs: uploaded.getTime() }];
    } catch {
      return [];
    }
  }
}
