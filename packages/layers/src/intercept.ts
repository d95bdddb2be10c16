import type { Backend, Body, ByteRange, Content, Operation } from "@trunks/core";
import { bodySize, replaceMethods } from "@trunks/core";

/** One request to a backend, as a layer sees it. */
export interface BackendRequest {
  readonly operation: Operation;
  /** The key, the keys of a delete, or for a list its prefix. */
  readonly keys: readonly string[];
  /** What part a get asked for. */
  readonly range?: ByteRange;
  /** Size in bytes of the body that a create or a put writes, else 0. */
  readonly bodyBytes: number;
  readonly signal?: AbortSignal;
}

/** What a layer does with the requests: it may send each on not at all, once, or more often. */
export interface Interceptor {
  get(request: BackendRequest, send: Send<Content | undefined>): Promise<Content | undefined>;
  /** Every request that is no get. */
  call<Answer>(request: BackendRequest, send: Send<Answer>): Promise<Answer>;
}

type Send<Answer> = (signal: AbortSignal | undefined) => Promise<Answer>;

/** A backend that hands each request to `interceptor` and is `backend` in everything else. */
export function intercept(backend: Backend, interceptor: Interceptor): Backend {
  return replaceMethods(backend, {
    get(key, options = {}) {
      const request = {
        operation: "get",
        keys: [key],
        range: options.range,
        bodyBytes: 0,
        signal: options.signal,
      } as const;
      return interceptor.get(request, (signal) => backend.get(key, { ...options, signal }));
    },
    create(key, body, options = {}) {
      return interceptor.call(write("create", key, body, options.signal), (signal) =>
        backend.create(key, body, { ...options, signal }),
      );
    },
    put(key, body, options = {}) {
      return interceptor.call(write("put", key, body, options.signal), (signal) =>
        backend.put(key, body, { ...options, signal }),
      );
    },
    list(prefix, options = {}) {
      const request = { operation: "list", keys: [prefix], bodyBytes: 0, signal: options.signal } as const;
      return interceptor.call(request, (signal) => backend.list(prefix, { ...options, signal }));
    },
    delete(keys, options = {}) {
      const request = { operation: "delete", keys, bodyBytes: 0, signal: options.signal } as const;
      return interceptor.call(request, (signal) => backend.delete(keys, { ...options, signal }));
    },
  });
}

function write(operation: "create" | "put", key: string, body: Body, signal?: AbortSignal): BackendRequest {
  return { operation, keys: [key], bodyBytes: bodySize(body), signal };
}
