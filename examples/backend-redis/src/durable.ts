import { TrunksError } from "@trunks/core";
import type { Send } from "./upload.ts";

/**
 * Refuses a server that would forget what it has answered. Asked before the first write, of what `INFO` tells everyone
 * who may ask. Throws `NOT_SUPPORTED`.
 */
export async function checkDurable(send: Send): Promise<void> {
  const info = String(await send("INFO", []));
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  if (fact("aof_enabled") === "0") {
    throw refused("has no append-only file: what it was given is lost when it ends", "set `appendonly yes`");
  }
  if (fact("maxmemory_policy")?.startsWith("allkeys-")) {
    throw refused("throws keys away when its memory is full", "set `maxmemory-policy noeviction`");
  }
  if (fact("cluster_enabled") === "1") {
    throw refused("is part of a cluster, where no script reaches all keys", "use a server that stands alone");
  }
}

function refused(what: string, hint: string): TrunksError {
  return new TrunksError("NOT_SUPPORTED", `this Redis ${what}`, { hint });
}
