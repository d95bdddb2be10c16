import type { PostgresStore } from "./store.ts";

/**
 * Removes a content behind the caller's back, if no key holds it: one that was replaced, or that came to nothing. Where
 * that fails, the content stays among the loose ones, and goes with the abandoned. Takes what a row has said.
 */
export function removeContent(store: PostgresStore, content: unknown): void {
  if (typeof content !== "string") return;
  store.runErrand(() => store.runTogether(store.statements.removeContent(content), errand));
}

/** Removes the contents of those who ended in the middle of a write. */
export function removeAbandoned(store: PostgresStore): void {
  store.runErrand(() => store.runTogether(store.statements.removeAbandoned(), errand));
}

const errand = { operation: "delete", loss: "harmless" } as const;
