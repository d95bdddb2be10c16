import { chmodSync } from "node:fs";
import { type Backend, replaceMethods } from "@trunks/core";

/**
 * Does `work` while this process has these rights in the folder `root` and no more: as a user who owns nothing, or, where
 * a process cannot become one, by the folder's own mode.
 */
export async function withRights<Answer>(
  rights: "none" | "read",
  root: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const isRoot = process.getuid?.() === 0;
  const bits = rights === "read" ? 0o5 : 0;
  chmodSync(root, isRoot ? 0o700 | (bits << 3) | bits : bits << 6);
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
  const refused = <Answer>(work: () => Promise<Answer>) => withRights("none", root, work);
  return replaceMethods(backend, {
    get: (key, options) => refused(() => backend.get(key, options)),
    create: (key, body, options) => refused(() => backend.create(key, body, options)),
    put: (key, body, options) => refused(() => backend.put(key, body, options)),
    list: (prefix, options) => refused(() => backend.list(prefix, options)),
    delete: (keys, options) => refused(() => backend.delete(keys, options)),
  });
}
