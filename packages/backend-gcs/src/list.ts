import { checkKey, type ListedKey, type ListPage, TrunksError } from "@trunks/core";
import type { GcsStore } from "./store.ts";

/** What is listed: see `Backend.list`. */
export interface Listing {
  readonly prefix: string;
  /** Empty: from the beginning. */
  readonly after: string;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

interface ObjectPage {
  readonly items?: readonly { readonly name: string; readonly size: string; readonly timeCreated: string }[];
  readonly nextPageToken?: string;
}

/** Lists keys, in the byte order in which Google lists. Others' objects whose names are no keys are left out. */
export async function listObjects(store: GcsStore, listing: Listing): Promise<ListPage> {
  const { prefix, after, limit, signal } = listing;
  const { keyPrefix, place } = store.options;
  const query = new URLSearchParams({
    prefix: keyPrefix + prefix,
    maxResults: String(limit),
    fields: "items(name,size,timeCreated),nextPageToken",
  });
  // Google begins at the offset itself. Of all keys that begin with `after` none sorts before this one.
  if (after !== "") query.set("startOffset", `${keyPrefix}${after}-`);
  for (let token: string | undefined; ; ) {
    if (token !== undefined) query.set("pageToken", token);
    const path = `${store.objectsPath()}?${query}`;
    const request = { method: "GET", path, operation: "list", key: prefix, loss: "harmless", signal } as const;
    const { value } = await store.send<ObjectPage | undefined>(request);
    const { items = [], nextPageToken } = value ?? {};
    const keys = items.flatMap(({ name, size, timeCreated }) => listedKey(name, size, timeCreated, keyPrefix));
    if (keys.length > 0 || !nextPageToken) return { keys, more: Boolean(nextPageToken) };
    if (nextPageToken === token) {
      throw new TrunksError("NOT_SUPPORTED", `list ${prefix}: ${place} lists without getting on`);
    }
    token = nextPageToken;
  }
}

function listedKey(name: string, size: string, timeCreated: string, keyPrefix: string): ListedKey[] {
  if (!name.startsWith(keyPrefix)) return [];
  const key = name.slice(keyPrefix.length);
  try {
    checkKey(key);
  } catch {
    return [];
  }
  return [{ key, size: Number(size), modifiedMs: Date.parse(timeCreated) }];
}
