import type { Backend } from "@trunks/core";
import { R2Backend } from "./backend.ts";
import type { R2Options } from "./options.ts";

export type { R2Binding } from "./binding.ts";
export type { R2Options } from "./options.ts";

/** Opens a bucket that is bound to a Worker. A binding has no URL, and no one else's program can have it. Throws `CONFIG_INVALID`. */
export function openR2(options: R2Options): Backend {
  return new R2Backend(options);
}
