import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TrunksError } from "@trunks/core";
import { readText, replaceFile } from "@trunks/location";

/** What a mount knows of itself: `.git/trunks/mount`, where no commit can write. */
export interface MountRecord {
  readonly id: string;
  readonly repository: string;
  /** Of the trunk, canonical and without secrets. */
  readonly url: string;
  readonly trunkId: string;
  readonly remote: string;
  /** `placing`: the files of the first checkout are not all there yet, and nobody has removed one on purpose. */
  readonly state: "placing" | "ready";
  readonly watch: boolean | "push";
}

function mountRecordPath(gitDir: string): string {
  return join(gitDir, "trunks", "mount");
}

/** `undefined` for a folder that is no mount. Throws `CORRUPT` for a record that cannot be read. */
export async function readMountRecord(gitDir: string): Promise<MountRecord | undefined> {
  const path = mountRecordPath(gitDir);
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const { version, ...record } = JSON.parse(text) as MountRecord & { version: number };
    if (version === 1 && typeof record.id === "string") return record;
  } catch {
    // Said below.
  }
  throw new TrunksError("CORRUPT", `${path} is damaged`, { hint: "delete it, and mount again: the folder is adopted" });
}

export async function writeMountRecord(gitDir: string, record: MountRecord): Promise<void> {
  const path = mountRecordPath(gitDir);
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, `${JSON.stringify({ version: 1, ...record })}\n`);
}

export async function removeMountRecord(gitDir: string): Promise<void> {
  await rm(mountRecordPath(gitDir), { force: true });
}
