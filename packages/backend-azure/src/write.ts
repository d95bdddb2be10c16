import type { Body } from "@trunks/core";
import type { Loss } from "./failure.ts";
import type { StoreRequest } from "./store.ts";

/** One write of one body, in one request or in blocks. */
export interface Write {
  readonly key: string;
  readonly body: Body;
  /** Only where nothing is there yet. */
  readonly ifAbsent: boolean;
  readonly signal?: AbortSignal;
}

/** As the caller of the backend knows it. */
export function requestOf({ key, ifAbsent, signal }: Write, loss: Loss): StoreRequest {
  return { operation: ifAbsent ? "create" : "put", key, loss, signal };
}

/** What a lost answer to the request that makes the bytes visible means. */
export function lossOf({ ifAbsent }: Write): Loss {
  return ifAbsent ? "final" : "repeatable";
}

/** The condition of the request that makes the bytes visible, and what is said of each blob. */
export function blobOptions({ ifAbsent }: Write) {
  return {
    conditions: ifAbsent ? { ifNoneMatch: "*" } : {},
    // A container may be open to readers, and what caches lie before it must not keep old bytes.
    blobHTTPHeaders: { blobContentType: "application/octet-stream", blobCacheControl: "no-store" },
  };
}
