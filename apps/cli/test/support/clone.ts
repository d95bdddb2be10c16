import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** What a repository holds, for one to be held beside another. */
export interface Contents {
  /** What HEAD names. */
  readonly head: string;
  /** `id name`, in git's order. */
  readonly refs: readonly string[];
}

export async function contents(sandbox: Sandbox, folder: string): Promise<Contents> {
  const refs = await sandbox.git(["for-each-ref", "--format=%(objectname) %(refname)"], { folder });
  return {
    head: await sandbox.git(["symbolic-ref", "HEAD"], { folder }),
    refs: refs === "" ? [] : refs.split("\n"),
  };
}

/** Clones all of a trunk and lets git look at every object; answers what is in it. Throws when something is not right. */
export async function checkedClone(sandbox: Sandbox, url = sandbox.trunkUrl(), folder = "checked"): Promise<Contents> {
  rmSync(join(sandbox.path, folder), { recursive: true, force: true });
  await sandbox.git(["clone", "-q", "--mirror", url, folder]);
  await sandbox.git(["fsck", "--full", "--strict", "--no-dangling"], { folder });
  return contents(sandbox, folder);
}
