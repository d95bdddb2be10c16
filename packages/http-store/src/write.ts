import type { Body } from "@trunks/core";
import type { Loss } from "./failure.ts";

/** One write of one body, in one request or in parts. */
export interface Write {
  readonly key: string;
  readonly body: Body;
  /** Only where nothing is there yet. */
  readonly ifAbsent: boolean;
  readonly signal?: AbortSignal;
}

/** As the caller of the backend knows it. */
export function operationOf({ ifAbsent }: Write): "create" | "put" {
  return ifAbsent ? "create" : "put";
}

/** What a lost answer to the request that makes the bytes visible means. */
export function lossOf({ ifAbsent }: Write): Loss {
  return ifAbsent ? "final" : "repeatable";
}
