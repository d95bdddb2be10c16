import type { sleep } from "@trunks/core";

/** How to wait; tests have their own way. */
export type Sleep = typeof sleep;
