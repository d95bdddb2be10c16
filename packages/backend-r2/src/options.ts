import { TrunksError } from "@trunks/core";
import type { R2Binding } from "./binding.ts";

/** Where a store is. */
export interface R2Options {
  /** The binding, as a Worker's `env` has it: `env.CODE`. */
  readonly bucket: R2Binding;
  /** The folder in the bucket below which all keys lie: `team/code`. Default: the bucket's root. */
  readonly path?: string;
}

/** What stands before each key: empty, or ending in `/`. Throws `CONFIG_INVALID` for what is no folder. */
export function keyPrefix({ path = "" }: R2Options): string {
  const bare = path.replace(/^\/|\/$/g, "");
  if (bare === "") return "";
  // R2 keeps up to 1,024 bytes, and a key may be 512.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/(^|\/)\.{0,2}(\/|$)|[\u0000-\u001f\u007f\\]/.test(bare) || new TextEncoder().encode(bare).length > 400) {
    throw new TrunksError("CONFIG_INVALID", `not a path in a bucket: ${JSON.stringify(path)}`);
  }
  return `${bare}/`;
}
