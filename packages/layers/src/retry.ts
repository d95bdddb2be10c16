import { type Backend, type Content, resolveRange, streamContent, TrunksError } from "@trunks/core";
import { Attempts, type RetryOptions } from "./attempts.ts";
import { type BackendRequest, intercept } from "./intercept.ts";

/**
 * Repeats what failed and may be repeated without harm, after exponentially growing, fully random waits ("full jitter",
 * from the AWS architecture blog's "Exponential Backoff And Jitter"). A store's own `retryAfterMs` is waited for first.
 *
 * - get and list: when the error says `retryable`. When a body breaks on its way, `bytes()` reads all of it again, and a
 *   stream goes on from where it broke; its progress renews the allowance of tries. When the key has gone or changed its
 *   size by then, the reader gets `UNAVAILABLE` and must begin again. A change that keeps the size is not noticed in a
 *   stream: read what may be overwritten with `bytes()`.
 * - put and delete: the same, and after `OUTCOME_UNKNOWN`: doing them twice does no harm.
 * - create: only after a retryable `UNAVAILABLE` or `RATE_LIMITED`, which say that nothing was written. After
 *   `OUTCOME_UNKNOWN` only the caller can tell its own write from another's.
 *
 * Gives up with the last error's code, its message behind the number of tries, and the error itself as the cause.
 */
export function retry(backend: Backend, options: RetryOptions = {}): Backend {
  async function persist<Answer>(request: BackendRequest, attempt: () => Promise<Answer>): Promise<Answer> {
    const attempts = new Attempts(request, options);
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        await attempts.waitAfter(error);
      }
    }
  }
  return intercept(backend, {
    call: (request, send) => persist(request, () => send(request.signal)),
    async get(request, send) {
      const content = await persist(request, () => send(request.signal));
      return content && resumed(backend, request, content, options);
    },
  });
}

/** `content`, with further gets where it breaks. */
function resumed(backend: Backend, request: BackendRequest, content: Content, options: RetryOptions): Content {
  const { totalSize, size } = content;
  const { range, signal } = request;
  const { start } = resolveRange(range, totalSize);
  const end = start + size;
  const key = request.keys[0] as string;
  let current: Content | undefined = content;

  async function* chunks(): AsyncGenerator<Uint8Array> {
    let offset = start;
    let attempts: Attempts | undefined;
    for (;;) {
      try {
        current ??= await backend.get(key, { range: { start: offset, end }, signal });
        if (current?.totalSize !== totalSize) break;
        for await (const chunk of current) {
          offset += chunk.length;
          attempts = undefined;
          yield chunk;
        }
        return;
      } catch (error) {
        current = undefined;
        if (offset === end) return;
        attempts ??= new Attempts(request, options);
        await attempts.waitAfter(error);
      }
    }
    throw await changed();
  }

  async function bytes(): Promise<Uint8Array> {
    const attempts = new Attempts(request, options);
    for (;;) {
      try {
        current ??= await backend.get(key, { range, signal });
        if (current?.totalSize !== totalSize) break;
        return await current.bytes();
      } catch (error) {
        current = undefined;
        await attempts.waitAfter(error);
      }
    }
    throw await changed();
  }

  async function changed(): Promise<TrunksError> {
    await current?.cancel();
    return new TrunksError("UNAVAILABLE", `${key} changed while it was read`, { retryable: true });
  }

  const stream = streamContent(chunks(), size, totalSize);
  return { ...stream, bytes, cancel: async () => await current?.cancel() };
}
