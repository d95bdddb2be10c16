import type { Body } from "@trunks/core";
import type { Attempt } from "./failure.ts";

/** One write of one body, in one statement or in chunks. */
export interface Write {
  readonly key: string;
  readonly body: Body;
  /** Only where nothing is there yet. */
  readonly ifAbsent: boolean;
  readonly signal?: AbortSignal;
}

/** The statement that makes the bytes visible, for those who explain its failure. */
export function visibleAttempt({ key, ifAbsent, signal }: Write): Attempt {
  return { operation: ifAbsent ? "create" : "put", key, loss: ifAbsent ? "final" : "repeatable", signal };
}
