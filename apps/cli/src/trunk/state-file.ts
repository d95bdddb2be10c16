import { createHash } from "node:crypto";
import type { StateCache } from "@trunks/repo";
import { CacheFile } from "./cache-file.ts";

/** Keeps the last known state of a trunk in `<common git dir>/trunks/<digest of its URL>/state`. */
export function stateFile(commonDir: string, canonicalUrl: string): StateCache {
  const digest = createHash("sha256").update(canonicalUrl).digest("hex").slice(0, 16);
  const file = new CacheFile(commonDir, `${digest}/state`);
  return { load: () => file.read(), save: (bytes) => file.replace(bytes) };
}
