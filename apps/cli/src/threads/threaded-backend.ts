import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  type Backend,
  type Body,
  bodySize,
  bodySlice,
  bytesContent,
  type Content,
  type ListPage,
  type RequestOptions,
  streamContent,
  TrunksError,
} from "@trunks/core";
import { Inlet, Outlet, type Post } from "./byte-streams.ts";
import {
  type Call,
  type FoundContent,
  fromWire,
  type Message,
  type Opened,
  smallSizeBytes,
  type ThreadTask,
} from "./wire.ts";

/** A call that was not answered yet. */
interface Pending {
  readonly call: Partial<Call>;
  readonly body: Body | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A place of a trunk's map, opened in a thread of its own: the client of each store then signs, encrypts and copies beside the
 * others, and is loaded beside them. Fails as `openPlace` does.
 */
export async function openThreaded(task: ThreadTask): Promise<{ readonly backend: Backend; readonly prefix: string }> {
  // Beside this module, or beside the program that it was built into.
  const folder = import.meta.dirname;
  const entry = join(folder, `backend-thread${extname(import.meta.filename)}`);
  const thread = new BackendThread(new Worker(entry, { workerData: task, name: `store ${task.place.name}` }));
  try {
    const { name, capabilities, prefix } = await thread.opened;
    return { backend: thread.backend(name, capabilities), prefix };
  } catch (error) {
    await thread.end();
    throw error;
  }
}

class BackendThread {
  readonly opened: Promise<Opened>;
  readonly #worker: Worker;
  readonly #inlet: Inlet;
  readonly #outlet: Outlet;
  readonly #pending = new Map<number, Pending>();
  /** Streams that are being read: the process waits for them as for calls. */
  #reading = 0;
  #last = 0;
  #closed = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    const post: Post = (message, transferred = []) => worker.postMessage(message, [...transferred]);
    this.#inlet = new Inlet(post);
    this.#outlet = new Outlet(post);
    this.opened = new Promise((resolve, reject) => {
      this.#pending.set(0, { call: {}, body: undefined, resolve: resolve as (value: unknown) => void, reject });
    });
    worker.on("message", (message: Message) => this.#take(message));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(undefined));
  }

  backend(name: string, capabilities: Backend["capabilities"]): Backend {
    const write = (operation: "create" | "put", key: string, body: Body, options?: RequestOptions) =>
      this.#call({ operation, key }, options, body);
    return {
      name,
      capabilities,
      get: async (key, options = {}) => {
        const found = await this.#call({ operation: "get", key, range: options.range }, options);
        return found === undefined ? undefined : this.#content(found as FoundContent);
      },
      create: async (key, body, options) => (await write("create", key, body, options)) as boolean,
      put: async (key, body, options) => void (await write("put", key, body, options)),
      list: async (prefix, { after, limit, ...options } = {}) =>
        (await this.#call({ operation: "list", key: prefix, page: { after, limit } }, options)) as ListPage,
      delete: async (keys, options) => void (await this.#call({ operation: "delete", keys }, options)),
      close: async () => {
        if (this.#closed) return;
        await this.#call({ operation: "close" }, {}).finally(() => this.end());
      },
    };
  }

  async end(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
  }

  async #call(call: Partial<Call>, { signal }: RequestOptions = {}, body?: Body): Promise<unknown> {
    if (this.#closed) throw new TrunksError("CLOSED", "this backend was closed");
    if (signal?.aborted) throw new TrunksError("ABORTED", "given up", { cause: signal.reason });
    const id = ++this.#last;
    const sent = body && (await sentBody(body));
    const answered = new Promise((resolve, reject) => this.#pending.set(id, { call, body, resolve, reject }));
    const abort = () => this.#worker.postMessage({ kind: "abort", id } satisfies Message);
    signal?.addEventListener("abort", abort, { once: true });
    this.#hold();
    const whole: Call = { operation: "get", key: "", keys: [], range: undefined, page: {}, ...call, body: sent };
    this.#worker.postMessage({ kind: "call", id, call: whole } satisfies Message);
    try {
      return await answered;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
      this.#hold();
    }
  }

  #content({ size, totalSize, bytes, stream }: FoundContent): Content {
    if (bytes !== undefined) return bytesContent(bytes, totalSize);
    const content = streamContent(this.#stream(stream), size, totalSize);
    return { ...content, cancel: async () => this.#inlet.cancel(stream) };
  }

  async *#stream(stream: number): AsyncGenerator<Uint8Array> {
    this.#reading++;
    this.#hold();
    try {
      yield* this.#inlet.read(stream);
    } finally {
      this.#reading--;
      this.#hold();
    }
  }

  /** An idle thread does not keep the process. */
  #hold(): void {
    if (this.#pending.size + this.#reading > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  #take(message: Message): void {
    if (message.kind === "chunk") this.#inlet.take(message);
    else if (message.kind === "pull") void this.#outlet.pull(message.stream);
    else if (message.kind === "stop") void this.#outlet.stop(message.stream);
    else if (message.kind === "read") {
      const body = this.#pending.get(message.id)?.body ?? new Uint8Array(0);
      this.#outlet.open(message.stream, bodySlice(body, message.start, message.end));
    } else if (message.kind === "opened") {
      this.#pending.get(0)?.resolve(message.opened);
      this.#pending.delete(0);
      this.#hold();
    } else if (message.kind === "answer") {
      const pending = this.#pending.get(message.id);
      if (message.error === undefined) pending?.resolve(message.value);
      else pending?.reject(fromWire(message.error));
    }
  }

  /** The thread has ended: what was written by then nobody knows. */
  #fail(cause: unknown): void {
    this.#closed = true;
    for (const { call, reject } of this.#pending.values()) {
      const code = call.operation === "create" ? "OUTCOME_UNKNOWN" : "UNAVAILABLE";
      reject(new TrunksError(code, "the thread of this store has ended", { cause }));
    }
  }
}

/** Small bodies go whole; of others their bytes are asked for. */
async function sentBody(body: Body): Promise<Call["body"]> {
  if (body instanceof Uint8Array && body.length <= smallSizeBytes) return new Uint8Array(body);
  return { size: bodySize(body) };
}
