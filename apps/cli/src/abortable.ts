import type { Backend } from "@trunks/core";

/** `backend`, giving up every request when `signal` is raised; a request's own signal goes before. */
export function abortable(backend: Backend, signal: AbortSignal): Backend {
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    get: (key, options) => backend.get(key, { signal, ...options }),
    create: (key, body, options) => backend.create(key, body, { signal, ...options }),
    put: (key, body, options) => backend.put(key, body, { signal, ...options }),
    list: (prefix, options) => backend.list(prefix, { signal, ...options }),
    delete: (keys, options) => backend.delete(keys, { signal, ...options }),
    close: () => backend.close(),
  };
}
