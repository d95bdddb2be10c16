import { type Backend, checkKey } from "@trunks/core";

/**
 * `backend`, noting in `written` each key that it is asked to write. So a store can be cleaned up that hides keys from its
 * lists, or lists to nobody.
 */
export function noteWrites(backend: Backend, written: Set<string>): Backend {
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    get: (key, options) => backend.get(key, options),
    create(key, body, options) {
      if (isKey(key)) written.add(key);
      return backend.create(key, body, options);
    },
    put(key, body, options) {
      if (isKey(key)) written.add(key);
      return backend.put(key, body, options);
    },
    list: (prefix, options) => backend.list(prefix, options),
    delete: (keys, options) => backend.delete(keys, options),
    close: () => backend.close(),
  };
}

/** Some cases write what is none, and want it to be refused. */
function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}
