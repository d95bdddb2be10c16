import type { Backend, ListedKey, ListOptions } from "./backend.ts";
import { compareKeys } from "./key.ts";

export interface PagingOptions extends ListOptions {
  /** At most so many pages are asked for. Default: all there are. */
  readonly maxPages?: number;
}

/**
 * The keys of `backend` that begin with `prefix`, in their order, a page at a time; the next one is asked for when the caller comes
 * back for it. Ends with whatever store: a page that leads no further than the one before it, as when a store gives the same one
 * again, is not handed out, and no other is asked for.
 */
export async function* listPages(
  backend: Pick<Backend, "list">,
  prefix: string,
  { maxPages = Number.POSITIVE_INFINITY, ...options }: PagingOptions = {},
): AsyncGenerator<readonly ListedKey[]> {
  let { after } = options;
  for (let pages = 0; pages < maxPages; pages++) {
    const { keys, more } = await backend.list(prefix, { ...options, after });
    const last = keys.at(-1)?.key;
    if (last === undefined || (after !== undefined && compareKeys(last, after) <= 0)) return;
    yield keys;
    if (!more) return;
    after = last;
  }
}
