import { loadPackage } from "@trunks/location";
import type * as MountPackage from "@trunks/mount";
import { installations } from "../trunk/open-trunk.ts";

/** The package that makes mounts, if it is installed. Throws `CONFIG_INVALID`, with the commands that install it, if not. */
export async function loadMountPackage(): Promise<typeof MountPackage> {
  const loaded = await loadPackage("@trunks/mount", "a mount", process.env, installations);
  return loaded as typeof MountPackage;
}
