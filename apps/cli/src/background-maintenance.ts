import { spawn } from "node:child_process";
import { extname, join } from "node:path";

/**
 * Starts `trunks maintenance run` as a process of its own, which outlives this one, holds none of its files, and says
 * nothing. For a remote by its name: a URL might hold what others must not see.
 */
export function startMaintenance(remote: string): void {
  // Beside this module lies the program's entry, in the sources as in the build.
  const entry = join(import.meta.dirname, `trunks${extname(import.meta.filename)}`);
  const child = spawn(process.execPath, [entry, "maintenance", "run", remote], {
    detached: true,
    stdio: "ignore",
    windowsHide: true,
  });
  child.on("error", () => {}); // The next push tries again.
  child.unref();
}
