import { fromWire, type Message, toWire } from "./wire.ts";

export type Post = (message: Message, transferred?: readonly ArrayBuffer[]) => void;

/** In bytes. Larger chunks are cut, so that the other side can begin. */
const chunkSizeBytes = 2 ** 20;
/** Chunks asked for before the first has come: together the bytes that wait for a slow reader. */
const chunksAhead = 4;

/** Streams that the other side reads, by their numbers. */
export class Outlet {
  readonly #post: Post;
  readonly #streams = new Map<number, AsyncGenerator<Uint8Array>>();

  constructor(post: Post) {
    this.#post = post;
  }

  open(stream: number, chunks: AsyncIterable<Uint8Array>): void {
    this.#streams.set(stream, copiesOf(chunks));
  }

  /** One more chunk, or the end, or what went wrong. Calls wait for one another. */
  async pull(stream: number): Promise<void> {
    const chunks = this.#streams.get(stream);
    if (chunks === undefined) return;
    try {
      const { value: bytes } = await chunks.next();
      if (bytes !== undefined) return this.#post({ kind: "chunk", stream, bytes }, [bytes.buffer]);
      this.#streams.delete(stream);
      this.#post({ kind: "chunk", stream });
    } catch (error) {
      this.#streams.delete(stream);
      this.#post({ kind: "chunk", stream, error: toWire(error) });
    }
  }

  async stop(stream: number): Promise<void> {
    const chunks = this.#streams.get(stream);
    this.#streams.delete(stream);
    await chunks?.return(undefined).catch(() => {});
  }
}

/** Pieces that belong to nobody else, and may go to another thread. */
async function* copiesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += chunkSizeBytes) {
      yield new Uint8Array(chunk.subarray(start, start + chunkSizeBytes));
    }
  }
}

type Chunk = Extract<Message, { kind: "chunk" }>;

/** Streams that are read from the other side. */
export class Inlet {
  readonly #post: Post;
  readonly #waiting = new Map<number, ((chunk: Chunk) => void)[]>();
  #last = 0;

  constructor(post: Post) {
    this.#post = post;
  }

  /** A number that no stream of this side has. */
  number(): number {
    return ++this.#last;
  }

  /** To be called for each chunk that comes. */
  take(chunk: Chunk): void {
    this.#waiting.get(chunk.stream)?.shift()?.(chunk);
  }

  /** The bytes of a stream that the other side has opened, or is about to. */
  async *read(stream: number): AsyncGenerator<Uint8Array> {
    const waiting: ((chunk: Chunk) => void)[] = [];
    this.#waiting.set(stream, waiting);
    const pull = () => {
      this.#post({ kind: "pull", stream });
      return new Promise<Chunk>((resolve) => waiting.push(resolve));
    };
    const ahead = Array.from({ length: chunksAhead }, pull);
    try {
      for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
        const { bytes, error } = await next;
        if (error !== undefined) throw fromWire(error);
        if (bytes === undefined) return;
        ahead.push(pull());
        yield bytes;
      }
    } finally {
      this.#waiting.delete(stream);
      this.#post({ kind: "stop", stream });
    }
  }

  cancel(stream: number): void {
    this.#post({ kind: "stop", stream });
  }
}
