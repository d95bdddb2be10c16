import { dirname, join } from "node:path";
import type { LocalRepository } from "./local-repository.ts";
import { writeSkeleton } from "./temporary-repository.ts";

/** What git is started with, beside its own arguments. */
export interface PackingByType {
  readonly settings: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Has `git pack-objects` put commits, trees and blobs each together, so that a reader who wants no blobs can leave them out. It
 * does so with what is older than the newest tag: so it is shown a repository of the same objects, made in `folder`, with a tag
 * on everything that is packed. Source: compute_write_order in Git.
 */
export async function packingByType(request: {
  readonly newIds: readonly string[];
  readonly folder: string;
  readonly local: LocalRepository;
}): Promise<PackingByType> {
  const { newIds, folder, local } = request;
  // What such a repository lacks is said beside its objects.
  if (local.shallow || (await local.settings()).isPartialClone) return { settings: [] };
  const gitDir = join(folder, "sorted");
  const refs = new Map(newIds.map((id, index) => [`refs/tags/${index}`, { id }]));
  await writeSkeleton(gitDir, { objects: await local.objectFormat(), head: "refs/heads/main", refs });
  return {
    settings: ["-c", `include.path=${join(local.commonDir, "config")}`],
    environment: { GIT_DIR: gitDir, GIT_COMMON_DIR: gitDir, GIT_OBJECT_DIRECTORY: dirname(local.packDir) },
  };
}
