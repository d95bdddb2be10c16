import { TrunksError } from "@trunks/core";
import type { Branch } from "@trunks/sdk";
import { compareBranches } from "../git/branch-comparison.ts";
import type { OpenedTrunk } from "./open-trunk.ts";

/** A branch as the trunk, read last, and this clone have it. Throws `NOT_FOUND`. */
export async function branchAnswer({ repository }: OpenedTrunk, name: string): Promise<Branch> {
  const [branch] = await compareBranches(repository.known, name);
  if (branch !== undefined) return branch;
  throw new TrunksError("NOT_FOUND", `there is no branch ${JSON.stringify(name)}, neither here nor in the trunk`, {
    hint: "`trunks branch list` lists them",
  });
}

/** How a branch here stands to the trunk's, in words. `unreachable`: nobody could be asked. */
export function relationText({ relation, ahead, behind }: Branch, unreachable = false): string {
  switch (relation) {
    case "equal":
      return "up to date";
    case "local":
      return unreachable ? "" : "only here";
    case "trunk":
      return "only in the trunk";
    case "unknown":
      return "behind; `trunks fetch` brings what is new";
    default:
      return [ahead ? `ahead ${ahead}` : "", behind ? `behind ${behind}` : ""].filter(Boolean).join(", ");
  }
}

/** A line of a table. */
export function branchCells(branch: Branch): string[] {
  const id = branch.trunk_id ?? branch.local_id ?? "";
  return [branch.name, id.slice(0, 12), relationText(branch), branch.default ? "default" : ""];
}
