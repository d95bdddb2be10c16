import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** A disk of its own in the sandbox, or the reason why there can be none. */
export type SmallDisk =
  | { readonly unmount: () => void; readonly makeReadOnly: () => void }
  | { readonly reason: string };

/** Mounts a disk of so many bytes on a folder of the sandbox, which everybody may write. */
export function mountSmallDisk(sandbox: Sandbox, folder: string, sizeBytes: number): SmallDisk {
  const path = join(sandbox.path, folder);
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", path], { stdio: "pipe" });
  } catch (error) {
    const said = String((error as Error).message).trim();
    return { reason: `a small disk cannot be mounted here: ${said.split("\n").at(-1)}` };
  }
  chmodSync(path, 0o777);
  return {
    // What died in it may hold it for a moment.
    unmount: () => void execFileSync("/bin/umount", ["--lazy", path]),
    makeReadOnly: () => void execFileSync("/bin/mount", ["-o", "remount,ro", path]),
  };
}
