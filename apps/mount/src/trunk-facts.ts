import { isTrunksError, type RequestOptions, TrunksError } from "@trunks/core";
import { Trunk } from "@trunks/sdk";
import type { FolderRepository } from "./folder.ts";
import type { Target } from "./target.ts";

/** What a mount must know of its trunk before it begins. */
export interface TrunkFacts {
  readonly id: string;
  readonly objects: "sha1" | "sha256";
  /** That HEAD names. */
  readonly branch: string;
  /** Whether that branch has a commit. */
  readonly born: boolean;
  /** Whether the trunk was made just now. */
  readonly created: boolean;
}

export interface FactsOptions extends RequestOptions {
  readonly installations?: readonly string[];
}

/**
 * Looks at the trunk, and makes it when it is new. Throws `NOT_FOUND` when the trunk of an earlier mount is gone, and
 * `CONFLICT` when there is another in its place.
 */
export async function trunkFacts(
  target: Target,
  repository: FolderRepository | undefined,
  { installations, signal }: FactsOptions,
): Promise<TrunkFacts> {
  const known = repository?.record?.trunkId;
  const open = async (create: false | "sha1" | "sha256") => {
    const { settings, remoteUrl } = target;
    await using trunk = await Trunk.open(remoteUrl, { settings, installations, create, signal });
    const { id, objectFormat, branch, head } = trunk;
    return { id, objects: objectFormat, branch, born: head !== undefined, created: create !== false };
  };
  const facts = await open(false).catch((error) => {
    if (!isTrunksError(error, "NOT_FOUND")) throw error;
    if (known !== undefined) throw vanished(target.url, error);
    return open(repository?.objects ?? "sha1");
  });
  if (known !== undefined && facts.id !== known) throw replaced(target.url);
  if (repository !== undefined && repository.objects !== facts.objects) throw otherFormat(target.url, facts.objects);
  return facts;
}

const anew =
  "if that was done on purpose, run `trunks unmount`, remove the folder `trunks` in its .git folder, and mount it again";

function vanished(url: string, cause: unknown): TrunksError {
  return new TrunksError("NOT_FOUND", `the trunk of this mount is gone: ${url}`, {
    cause,
    hint: `the folder has all that it had; ${anew}`,
  });
}

function replaced(url: string): TrunksError {
  return new TrunksError("CONFLICT", `there is another trunk now where that of this mount was: ${url}`, {
    hint: `the folder has all that it had; ${anew}`,
  });
}

function otherFormat(url: string, objects: string): TrunksError {
  return new TrunksError("CONFLICT", `the trunk has ${objects} ids, and the folder's repository has not: ${url}`, {
    hint: "mount another folder",
  });
}
