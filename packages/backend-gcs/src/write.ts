import type { Body } from "@trunks/core";
import type { Loss } from "./failure.ts";
import type { GcsStore, StoreRequest } from "./store.ts";

/** One write of one body. */
export interface Write {
  readonly key: string;
  readonly body: Body;
  /** Only where nothing is there yet. */
  readonly ifAbsent: boolean;
  readonly signal?: AbortSignal;
}

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

export function requestOf({ key, ifAbsent, signal }: Write): Pick<StoreRequest, "operation" | "key" | "signal"> {
  return { operation: ifAbsent ? "create" : "put", key, signal };
}

/** What a lost answer to the request that makes the bytes visible means. */
export function lossOf({ ifAbsent }: Write): Loss {
  return ifAbsent ? "final" : "repeatable";
}
