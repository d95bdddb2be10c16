import { operationOf, type Write } from "@trunks/http-store";
import type { GcsStore, StoreRequest } from "./store.ts";

/** What is said of each object. Google's caches would else keep what anyone may read for an hour. */
export function describeObject(store: GcsStore, { key }: Write): Record<string, string> {
  return {
    name: store.options.keyPrefix + key,
    contentType: "application/octet-stream",
    cacheControl: "no-store",
  };
}

/** The condition stands in the query: no object, of whatever generation, may be there. */
export function uploadPath(store: GcsStore, { ifAbsent }: Write, uploadType: "multipart" | "resumable"): string {
  const condition = ifAbsent ? "&ifGenerationMatch=0" : "";
  return `/upload${store.objectsPath()}?uploadType=${uploadType}${condition}&fields=size,md5Hash`;
}

export function requestOf(write: Write): Pick<StoreRequest, "operation" | "key" | "signal"> {
  return { operation: operationOf(write), key: write.key, signal: write.signal };
}
