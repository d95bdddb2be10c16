import { randomUUID } from "node:crypto";
import {
  type Backend,
  type Body,
  bodySize,
  bytesBody,
  bytesContent,
  type Capabilities,
  type Content,
  checkKey,
  checkPrefix,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type RequestOptions,
  resolveRange,
  streamContent,
  TrunksError,
} from "@trunks/core";
import type { Argument, Connection } from "./connection.ts";
import { checkDurable } from "./durable.ts";
import { commitScript, deleteScript, listScript, readScript } from "./scripts.ts";
import { chunkBytes, type Send, uploadChunks } from "./upload.ts";

/** So many chunks come in one answer: 4 MiB. */
const answerChunks = 16;

/** So many keys are deleted in one step. */
const deleteBatch = 500;

/** A Redis server. A body appears under its key by one script, which exactly one of many writers can win. */
export class RedisBackend implements Backend {
  readonly name = "redis";
  readonly capabilities: Capabilities = {
    promptList: true,
    // Redis itself ends with the machine's memory, and says so: NO_SPACE.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    rangeSizeBytes: answerChunks * chunkBytes,
    rangeConcurrency: 2,
  };
  readonly #connection: Connection;
  readonly #root: string;
  #durable: Promise<void> | undefined;

  /** `path` keeps the keys of several roots in one database apart. */
  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    this.#root = `trunks:${path}`;
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<Content | undefined> {
    this.#connection.begin(signal);
    checkKey(key);
    resolveRange(range, 0); // Throws for a range that is none.
    const { start = 0, end = "", suffix = "" } = (range ?? {}) as { start?: number; end?: number; suffix?: number };
    const args = [readScript, 1, this.#body(key), start, end, suffix, chunkBytes, answerChunks];
    const answer = (await this.#read("EVAL", args, signal)) as Buffer[] | null;
    if (answer === null) return undefined;
    const [size, id, ...chunks] = answer as [Buffer, Buffer, ...Buffer[]];
    const totalSize = Number(size.toString());
    const bounds = resolveRange(range, totalSize);
    const wanted = bounds.end - bounds.start;
    const first = Math.floor(bounds.start / chunkBytes);
    const skip = bounds.start - first * chunkBytes;
    if (skip + wanted <= chunks.length * chunkBytes) {
      return bytesContent(Buffer.concat(chunks).subarray(skip, skip + wanted), totalSize);
    }
    const rest = this.#chunks(key, id, first, Math.ceil(bounds.end / chunkBytes), chunks, signal);
    return streamContent(cut(rest, skip, wanted), wanted, totalSize);
  }

  async create(key: string, body: Body, options: RequestOptions = {}): Promise<boolean> {
    this.#connection.begin(options.signal);
    checkKey(key);
    // Saves the loser of a race that is over the upload of its body.
    if ((await this.#read("EXISTS", [this.#body(key)], options.signal)) === 1) return false;
    return this.#write("create", key, body, options);
  }

  async put(key: string, body: Body, options: RequestOptions = {}): Promise<void> {
    this.#connection.begin(options.signal);
    checkKey(key);
    await this.#write("put", key, body, options);
  }

  async list(prefix: string, { after = "", limit = 1000, signal }: ListOptions = {}): Promise<ListPage> {
    this.#connection.begin(signal);
    checkPrefix(prefix);
    const lowest = after >= prefix && after !== "" ? `(${after}` : prefix === "" ? "-" : `[${prefix}`;
    // "0" comes right behind "/".
    const highest = prefix === "" ? "+" : `(${prefix.slice(0, -1)}0`;
    const args = [listScript, 1, this.#index(), lowest, highest, limit + 1, this.#body("")];
    const answer = (await this.#read("EVAL", args, signal)) as Buffer[];
    const keys = Array.from({ length: Math.min(limit, answer.length / 3) }, (_, index) => {
      const [key = "", size, modified] = answer.slice(3 * index, 3 * index + 3).map(String);
      return { key, size: Number(size), modifiedMs: Number(modified) };
    });
    return { keys, more: answer.length > 3 * limit };
  }

  async delete(keys: readonly string[], { signal }: RequestOptions = {}): Promise<void> {
    this.#connection.begin(signal);
    for (const key of keys) checkKey(key);
    for (let start = 0; start < keys.length; start += deleteBatch) {
      const args = [deleteScript, 1, this.#index(), this.#body(""), ...keys.slice(start, start + deleteBatch)];
      await this.#read("EVAL", args, signal);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Whether the body is now under the key. */
  async #write(kind: "create" | "put", key: string, body: Body, { signal }: RequestOptions): Promise<boolean> {
    this.#durable ??= checkDurable((command, args) => this.#read(command, args));
    await this.#durable.catch((error) => {
      this.#durable = undefined;
      throw error;
    });
    const id = randomUUID();
    const commit = async (keys: readonly string[], ...last: Uint8Array[]): Promise<boolean> => {
      const args = [commitScript, keys.length, ...keys, key, id, bodySize(body), kind, ...last];
      const answer = await this.#connection.send("EVAL", args, { signal, unanswered: "unknown" });
      if (answer !== -1) return answer === 1;
      throw new TrunksError("UNAVAILABLE", "an upload was lost before its end", { retryable: true });
    };
    if (bodySize(body) <= chunkBytes) return commit([this.#index(), this.#body(key)], await bytesBody(body));
    const upload = `${this.#root}:upload:${id}`;
    try {
      await uploadChunks((command, args) => this.#read(command, args, signal), upload, body);
      return await commit([this.#index(), this.#body(key), upload]);
    } finally {
      // Committed, it has another name by now. What cannot be removed goes by itself, later.
      await this.#read("UNLINK", [upload]).catch(() => {});
    }
  }

  /** The chunks up to `end`, the first of which are there already. */
  async *#chunks(
    key: string,
    id: Buffer,
    first: number,
    end: number,
    chunks: readonly Buffer[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (let next = first + chunks.length; next < end; next += answerChunks) {
      const numbers = Array.from({ length: Math.min(answerChunks, end - next) }, (_, index) => next + index);
      const answer = (await this.#read("HMGET", [this.#body(key), "id", ...numbers], signal)) as (Buffer | null)[];
      // Overwritten or deleted since: what follows would belong to another body.
      if (answer[0] === null || answer[0]?.compare(id) !== 0) {
        throw new TrunksError("UNAVAILABLE", `${key} changed while it was read`, { retryable: true });
      }
      yield* answer.slice(1) as Buffer[];
    }
  }

  /** For commands that may be given twice. */
  #read(command: string, args: readonly Argument[], signal?: AbortSignal): ReturnType<Send> {
    return this.#connection.send(command, args, { signal, unanswered: "harmless" });
  }

  #index(): string {
    return `${this.#root}:index`;
  }

  #body(key: string): string {
    return `${this.#root}:body:${key}`;
  }
}

/** `size` bytes of a stream, without the first `skip`. */
async function* cut(stream: AsyncIterable<Uint8Array>, skip: number, size: number): AsyncGenerator<Uint8Array> {
  let offset = -skip;
  for await (const chunk of stream) {
    const part = chunk.subarray(Math.max(0, -offset), size - offset);
    offset += chunk.length;
    if (part.length > 0) yield part;
    if (offset >= size) return;
  }
}
