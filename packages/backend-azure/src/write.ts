import { type Loss, operationOf, type Write } from "@trunks/http-store";
import type { StoreRequest } from "./store.ts";

/** As the caller of the backend knows it. */
export function requestOf(write: Write, loss: Loss): StoreRequest {
  return { operation: operationOf(write), key: write.key, loss, signal: write.signal };
}

/** The condition of the request that makes the bytes visible, and what is said of each blob. */
export function blobOptions({ ifAbsent }: Write) {
  return {
    conditions: ifAbsent ? { ifNoneMatch: "*" } : {},
    // A container may be open to readers, and what caches lie before it must not keep old bytes.
    blobHTTPHeaders: { blobContentType: "application/octet-stream", blobCacheControl: "no-store" },
  };
}
