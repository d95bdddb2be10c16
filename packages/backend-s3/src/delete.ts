import { isTrunksError, TrunksError } from "@trunks/core";
import { deleteObject, deleteObjects } from "./commands-write.ts";
import { meaningOf, Refusal, refusalOf } from "./refusal.ts";
import type { S3Store } from "./store.ts";

/** S3's own limit of a request. */
const batchSize = 1000;
const singleConcurrency = 8;

/** Removes keys, many at once where the store can. */
export class Deleter {
  readonly #store: S3Store;
  /** Found out at the first delete of several keys. */
  #inBatches = true;

  constructor(store: S3Store) {
    this.#store = store;
  }

  async delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (let start = 0; start < keys.length; start += batchSize) {
      const batch = keys.slice(start, start + batchSize);
      if (batch.length === 1 || !this.#inBatches) await this.#deleteSingly(batch, signal);
      else await this.#deleteBatch(batch, signal);
    }
  }

  async #deleteBatch(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const { keyPrefix, place } = this.#store.options;
    const command = deleteObjects(keys.map((key) => keyPrefix + key));
    try {
      const undeleted = await this.#store.send(command, { operation: "delete", loss: "repeatable", signal });
      const failed = undeleted.find((error) => error.code !== "NoSuchKey");
      if (failed === undefined) return;
      const { code, message, key } = failed;
      const refusal = new Refusal({ status: code === "AccessDenied" ? 403 : 500, code, message });
      const meaning = meaningOf(refusal, false);
      const text = `delete ${key.slice(keyPrefix.length)}: ${place} answered ${code}: ${message}`;
      throw new TrunksError(meaning.code, text, { cause: refusal, retryable: meaning.retryable, hint: meaning.hint });
    } catch (error) {
      if (!isTrunksError(error, "NOT_SUPPORTED") || refusalOf(error) === undefined) throw error;
      this.#inBatches = false;
      await this.#deleteSingly(keys, signal);
    }
  }

  async #deleteSingly(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (let start = 0; start < keys.length; start += singleConcurrency) {
      await Promise.all(keys.slice(start, start + singleConcurrency).map((key) => this.#deleteOne(key, signal)));
    }
  }

  async #deleteOne(key: string, signal: AbortSignal | undefined): Promise<void> {
    const { keyPrefix } = this.#store.options;
    try {
      await this.#store.send(deleteObject(keyPrefix + key), { operation: "delete", key, loss: "repeatable", signal });
    } catch (error) {
      if (refusalOf(error)?.code !== "NoSuchKey") throw error;
    }
  }
}
