import { type Backend, replaceMethods } from "@trunks/core";

/** `backend`, giving up every request when `signal` is raised; a request's own signal goes before. */
export function abortable(backend: Backend, signal: AbortSignal): Backend {
  return replaceMethods(backend, {
    get: (key, options) => backend.get(key, { ...options, signal: options?.signal ?? signal }),
    create: (key, body, options) => backend.create(key, body, { ...options, signal: options?.signal ?? signal }),
    put: (key, body, options) => backend.put(key, body, { ...options, signal: options?.signal ?? signal }),
    list: (prefix, options) => backend.list(prefix, { ...options, signal: options?.signal ?? signal }),
    delete: (keys, options) => backend.delete(keys, { ...options, signal: options?.signal ?? signal }),
  });
}
