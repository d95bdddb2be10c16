import { TrunksError } from "@trunks/core";

/** A page of a list, in the shape that the command line prints with `--json`. */
export interface ListAnswer<Item> {
  readonly object: "list";
  /** The items of this page. */
  readonly data: readonly Item[];
  /** How many were asked for. */
  readonly limit: number;
  /** How many were left out at the beginning. */
  readonly offset: number;
  /** How many there are in all. */
  readonly total_count: number;
  /** Whether more follow this page. */
  readonly has_more: boolean;
}

/** Which part of a list. */
export interface PageOptions {
  /** At most so many. */
  readonly limit?: number;
  /** So many are left out at the beginning. Default 0. */
  readonly offset?: number;
}

/** One page of items that are all known. Without a limit, all from the offset on. */
export function listPage<Item>(items: readonly Item[], options: PageOptions = {}): ListAnswer<Item> {
  const { offset = 0, limit = Math.max(0, items.length - offset) } = options;
  checkPage({ limit, offset });
  const data = items.slice(offset, offset + limit);
  const more = offset + data.length < items.length;
  return { object: "list", data, limit, offset, total_count: items.length, has_more: more };
}

/** Throws `INVALID_ARGUMENT` for what counts nothing. */
export function checkPage(options: PageOptions): void {
  for (const [name, value] of Object.entries({ limit: options.limit ?? 0, offset: options.offset ?? 0 })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new TrunksError("INVALID_ARGUMENT", `${name} is not a number from 0 on: ${value}`);
  }
}
