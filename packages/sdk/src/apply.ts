import type { RequestOptions } from "@trunks/core";
import type { PathChange } from "./changes.ts";
import type { StagedTree } from "./staged-tree.ts";

/** Makes changes to a tree. What goes is taken away first: a folder may come in the place of a file. */
export async function applyChanges(
  tree: StagedTree,
  changes: readonly PathChange[],
  options: RequestOptions,
): Promise<void> {
  // Paths of trees that others wrote are taken as they are: git checks them where they are checked out.
  for (const { path, after } of changes) if (after === undefined) await tree.remove(path.split("/"), options);
  for (const { path, after } of changes) if (after !== undefined) await tree.put(path.split("/"), after, options);
}
