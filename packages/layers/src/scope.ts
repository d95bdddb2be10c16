import { type Backend, checkPrefix, type ListPage, replaceMethods } from "@trunks/core";

/**
 * The part of `backend` under `prefix` (`trunks/my-app.trunk/`), as a backend of its own: its keys are relative to the
 * prefix, and nothing outside can be named. Keys may be shorter by the prefix's length than elsewhere. Closing it closes
 * the wrapped backend. Throws `INVALID_ARGUMENT` unless `prefix` is empty or ends in `/`.
 */
export function scope(backend: Backend, prefix: string): Backend {
  checkPrefix(prefix);
  return replaceMethods(backend, {
    get: (key, options) => backend.get(prefix + key, options),
    create: (key, body, options) => backend.create(prefix + key, body, options),
    put: (key, body, options) => backend.put(prefix + key, body, options),
    async list(folder, options = {}) {
      const after = options.after ? prefix + options.after : undefined;
      return relativePage(await backend.list(prefix + folder, { ...options, after }), prefix);
    },
    delete: (keys, options) =>
      backend.delete(
        keys.map((key) => prefix + key),
        options,
      ),
  });
}

function relativePage(page: ListPage, prefix: string): ListPage {
  return { ...page, keys: page.keys.map((listed) => ({ ...listed, key: listed.key.slice(prefix.length) })) };
}
