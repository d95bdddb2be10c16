import { utimesSync } from "node:fs";
import { join } from "node:path";

/**
 * Makes these files of a folder as old as each other. With `core.trustctime` off, git then knows a file that has changed to the
 * same size only by the age of its index.
 */
export function setSameSecond(folder: string, ...paths: string[]): void {
  for (const path of paths) utimesSync(join(folder, path), 1_700_000_000, 1_700_000_000);
}
