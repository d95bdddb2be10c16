import {
  type Backend,
  type Body,
  bodySize,
  bodySlice,
  isTrunksError,
  type RequestOptions,
  type Source,
  TrunksError,
  sleep as timerSleep,
} from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { type Container, fileKeys, type LargeBlob } from "../format/container.ts";
import type { Segment } from "../format/pack-name.ts";
import type { Sleep } from "../journal/sleep.ts";
import { createDigest } from "../platform.ts";

/** A pack that needs no base outside itself, and its version-2 index. */
export interface SegmentBody {
  readonly pack: Body;
  readonly index: Body;
  readonly objectCount: number;
}

/**
 * How long to go on after lost answers, as waits in milliseconds before each further try: as long as a server takes to start
 * again. The name is ours alone, so to repeat is harmless.
 */
const unknownWaitsMs = [0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800];
/** Segments uploaded at once; each may go up in parallel parts. */
const segmentConcurrency = 4;

export interface UploadOptions extends RequestOptions {
  /** Default: the runtime's own timer. */
  readonly sleep?: Sleep;
}

/** Stores packs and their indexes under fresh names. All are durable when the promise resolves. */
export function uploadSegments(
  backend: Backend,
  bodies: readonly SegmentBody[],
  newId: () => string,
  options: UploadOptions = {},
): Promise<Segment[]> {
  return mapConcurrent(bodies, segmentConcurrency, (body) => uploadFiles(backend, body, { id: newId() }, options));
}

/** Stores a container under a name that nobody has used. */
export function uploadContainer(
  backend: Backend,
  body: SegmentBody,
  container: { readonly id: string; readonly large: readonly LargeBlob[] },
  options: UploadOptions = {},
): Promise<Container> {
  return uploadFiles(backend, body, container, options);
}

async function uploadFiles<Named extends { readonly id: string }>(
  backend: Backend,
  body: SegmentBody,
  named: Named,
  options: UploadOptions,
): Promise<Named & Segment> {
  const keys = fileKeys(named);
  const pack = new DigestedBody(body.pack);
  const index = new DigestedBody(body.index);
  await Promise.all([createOwn(backend, keys.pack, pack, options), createOwn(backend, keys.index, index, options)]);
  return {
    ...named,
    size: pack.size,
    digest: await pack.digest(),
    indexSize: index.size,
    indexDigest: await index.digest(),
    objectCount: body.objectCount,
  };
}

async function createOwn(backend: Backend, key: string, body: Body, options: UploadOptions): Promise<void> {
  const { sleep = timerSleep, signal } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      const created = await backend.create(key, body, { signal });
      if (!created && attempt === 0) throw new TrunksError("INTERNAL", `${key} was taken, and its name is random`);
      return;
    } catch (error) {
      if (!isTrunksError(error, "OUTCOME_UNKNOWN") || signal?.aborted) throw error;
      const waitMs = unknownWaitsMs[attempt];
      if (waitMs === undefined) throw notUploaded(error);
      if (waitMs > 0) await sleep(waitMs, signal);
    }
  }
}

/** What is unknown is whether a file lies there that nothing names; that nothing was pushed is certain. */
function notUploaded(error: unknown): TrunksError {
  return new TrunksError("UNAVAILABLE", "the store did not say whether it took the pack", {
    cause: error,
    retryable: true,
    hint: "push again",
  });
}

/** Takes the digest of a body while the store reads it, if it reads from front to back; else with a pass of its own. */
class DigestedBody implements Source {
  readonly size: number;
  readonly #body: Body;
  #running = createDigest("sha256");
  #digested = 0;

  constructor(body: Body) {
    this.#body = body;
    this.size = bodySize(body);
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    let at = start;
    for await (const chunk of bodySlice(this.#body, start, end)) {
      if (at === this.#digested) {
        this.#running.update(chunk);
        this.#digested += chunk.length;
      }
      at += chunk.length;
      yield chunk;
    }
  }

  async digest(): Promise<string> {
    const rest = this.#digested < this.size ? bodySlice(this.#body, this.#digested, this.size) : [];
    for await (const chunk of rest) this.#running.update(chunk);
    return this.#running.hex();
  }
}
