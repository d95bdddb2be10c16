import { type Backend, type Body, bodySize } from "@trunks/core";

/** In bytes. For less, a thread takes longer to start than it saves. */
const leastThreadedSize = 2 ** 23;

/** The backend, whose large bodies are written by another client of the same store, opened when the first of them comes. */
export function withLargeBodies(backend: Backend, open: () => Promise<Backend>): Backend {
  let opened: Promise<Backend> | undefined;
  const writerOf = async (body: Body): Promise<Backend> => {
    if (bodySize(body) < leastThreadedSize) return backend;
    opened ??= open();
    return opened;
  };
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    get: (key, options) => backend.get(key, options),
    create: async (key, body, options) => (await writerOf(body)).create(key, body, options),
    put: async (key, body, options) => (await writerOf(body)).put(key, body, options),
    list: (prefix, options) => backend.list(prefix, options),
    delete: (keys, options) => backend.delete(keys, options),
    async close() {
      const other = await opened?.catch(() => undefined);
      await Promise.all([backend.close(), other?.close()]);
    },
  };
}
