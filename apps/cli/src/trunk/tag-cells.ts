import type { Tag } from "@trunks/sdk";

/** A line of a table. */
export function tagCells({ name, target_id: id, annotated }: Tag): string[] {
  return [name, id.slice(0, 12), annotated ? "annotated" : ""];
}
