import { chmodSync } from "node:fs";
import type { Backend } from "@trunks/core";

/** Does `work` with a folder that is closed to this process: as a user who may nothing, or, without that power, for all. */
export async function withoutAccess<Answer>(root: string, work: () => Promise<Answer>): Promise<Answer> {
  const isRoot = process.getuid?.() === 0;
  chmodSync(root, isRoot ? 0o700 : 0);
  if (isRoot) process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(root, 0o700);
  }
}

/** The same backend, each of whose operations meets a closed folder. */
export function asStranger(backend: Backend, root: string): Backend {
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    get: (key, options) => withoutAccess(root, () => backend.get(key, options)),
    create: (key, body, options) => withoutAccess(root, () => backend.create(key, body, options)),
    put: (key, body, options) => withoutAccess(root, () => backend.put(key, body, options)),
    list: (prefix, options) => withoutAccess(root, () => backend.list(prefix, options)),
    delete: (keys, options) => withoutAccess(root, () => backend.delete(keys, options)),
    close: () => backend.close(),
  };
}
