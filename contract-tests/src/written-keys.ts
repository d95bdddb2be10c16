import { type Backend, isTrunksError, replaceMethods } from "@trunks/core";

/**
 * `backend`, noting in `written` each key that it is asked to write and does not refuse as none. So a store can be cleaned up
 * that hides keys from its lists, or lists to nobody.
 */
export function noteWrites(backend: Backend, written: Set<string>): Backend {
  async function noted<Result>(key: string, write: () => Promise<Result>): Promise<Result> {
    const isNew = !written.has(key);
    written.add(key);
    try {
      return await write();
    } catch (error) {
      if (isNew && isTrunksError(error, "INVALID_ARGUMENT")) written.delete(key);
      throw error;
    }
  }
  return replaceMethods(backend, {
    create: (key, body, options) => noted(key, () => backend.create(key, body, options)),
    put: (key, body, options) => noted(key, () => backend.put(key, body, options)),
  });
}
