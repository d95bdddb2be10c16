import { type Backend, type Capabilities, type Operation, replaceMethods } from "@trunks/core";

/** Sees each request before the store does, and its answer before the caller does. */
export type Visit = (
  request: { readonly operation: Operation; readonly key: string },
  send: () => Promise<unknown>,
) => Promise<unknown>;

/** A backend of which every request goes through `visit`. */
export function visited(backend: Backend, visit: Visit): Backend {
  const through = <Answer>(operation: Operation, key: string, send: () => Promise<Answer>) =>
    visit({ operation, key }, send) as Promise<Answer>;
  return replaceMethods(backend, {
    get: (key, options) => through("get", key, () => backend.get(key, options)),
    create: (key, body, options) => through("create", key, () => backend.create(key, body, options)),
    put: (key, body, options) => through("put", key, () => backend.put(key, body, options)),
    list: (prefix, options) => through("list", prefix, () => backend.list(prefix, options)),
    delete: (keys, options) => through("delete", keys.join(" "), () => backend.delete(keys, options)),
  });
}

/** A backend whose listings do not show keys that `hides` names, and which says that they may be late. */
export function lateListing(backend: Backend, hides: (key: string) => boolean): Backend {
  const capabilities: Capabilities = { ...backend.capabilities, promptList: false };
  return {
    ...replaceMethods(backend, {
      async list(prefix, options = {}) {
        const page = await backend.list(prefix, { ...options, limit: 1000 });
        const keys = page.keys.filter(({ key }) => !hides(key));
        return { keys: keys.slice(0, options.limit), more: page.more || keys.length > (options.limit ?? 1000) };
      },
    }),
    capabilities,
  };
}
