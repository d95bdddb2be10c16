import type { Backend } from "./backend.ts";

/** What a backend does. */
export type BackendMethods = Omit<Backend, "name" | "capabilities">;

/**
 * `backend` with these methods in the place of its own; whatever else it is asked goes to itself. So a wrapper says only what it does
 * otherwise, `close` included. What `backend` has beside the interface is not passed on.
 */
export function replaceMethods(backend: Backend, methods: Partial<BackendMethods>): Backend {
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    get: (key, options) => backend.get(key, options),
    create: (key, body, options) => backend.create(key, body, options),
    put: (key, body, options) => backend.put(key, body, options),
    list: (prefix, options) => backend.list(prefix, options),
    delete: (keys, options) => backend.delete(keys, options),
    close: () => backend.close(),
    ...methods,
  };
}
