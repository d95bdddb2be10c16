import { checkKey, compareKeys, type ListedKey, type ListPage, TrunksError } from "@trunks/core";
import { Exchange } from "@trunks/http-store";
import { type ListedObject, listObjects } from "./commands-read.ts";
import { isSeaweed } from "./seaweed.ts";
import type { S3Store } from "./store.ts";

/** What is listed: see `Backend.list`. */
interface Listing {
  readonly prefix: string;
  /** Empty: from the beginning. */
  readonly after: string;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/**
 * Lists keys. Others' objects below the same path whose names are no keys are left out.
 *
 * S3 lists in the byte order of whole keys: `a-b` before `a/c`. A store that keeps its keys in folders may walk folder by
 * folder, `a/c` before `a-b`, and a page then skips what its last key has overtaken. SeaweedFS does, and is known by its
 * name; others are found out by the first page that is out of order.
 */
export class Lister {
  readonly #store: S3Store;
  #folderByFolder = false;

  constructor(store: S3Store) {
    this.#store = store;
  }

  async list(listing: Listing): Promise<ListPage> {
    const { prefix, after } = listing;
    const known = this.#folderByFolder;
    const { flat, ...page } = await this.#page(listing, known ? beforeStem(prefix, after) : after);
    if (!this.#folderByFolder) return page;
    // Without keys in folders below the prefix the two orders are one, if the walk began early enough.
    if (flat && (known || after === "")) return page;
    return known ? await this.#sortedPage(listing) : await this.list(listing);
  }

  /** The first page behind `start` with a key behind `after` on it, and whether all of its keys lie in the prefix itself. */
  async #page(
    { prefix, after, limit, signal }: Listing,
    start: string,
  ): Promise<ListPage & { readonly flat: boolean }> {
    let flat = true;
    for (let startAfter = start; ; ) {
      const { objects, more } = await this.#request(prefix, { limit, startAfter, signal });
      if (!isAscending(objects) || (objects[0]?.key ?? startAfter) < startAfter) this.#folderByFolder = true;
      flat &&= !objects.some(({ key }) => key.includes("/", prefix.length));
      const keys = objects.flatMap(listedKey).filter(({ key }) => key > after);
      if (keys.length > 0 || !more) return { keys, more, flat };
      const last = objects.at(-1)?.key;
      if (last === undefined || last === startAfter) throw this.#stuck(prefix);
      startAfter = last;
    }
  }

  /** Everything below the prefix, sorted here: slow, and right in whatever order the store lists. */
  async #sortedPage({ prefix, after, limit, signal }: Listing): Promise<ListPage> {
    const found: ListedKey[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#request(prefix, { limit: 1000, token, signal });
      for (const listed of answer.objects.flatMap(listedKey)) if (listed.key > after) found.push(listed);
      if (answer.more && (answer.token === undefined || answer.token === token)) throw this.#stuck(prefix);
      token = answer.more ? answer.token : undefined;
    } while (token !== undefined);
    found.sort((left, right) => compareKeys(left.key, right.key));
    return { keys: found.slice(0, limit), more: found.length > limit };
  }

  async #request(
    prefix: string,
    { limit, startAfter, token, signal }: { limit: number; startAfter?: string; token?: string; signal?: AbortSignal },
  ): Promise<{ objects: StoredObject[]; more: boolean; token?: string }> {
    const { keyPrefix } = this.#store.options;
    const command = listObjects({
      prefix: keyPrefix + prefix,
      startAfter: startAfter ? keyPrefix + startAfter : undefined,
      token,
      limit,
    });
    const exchange = new Exchange();
    const answer = await this.#store.send(command, {
      operation: "list",
      key: prefix,
      loss: "harmless",
      signal,
      exchange,
    });
    if (isSeaweed(exchange)) this.#folderByFolder = true;
    const objects = answer.objects.flatMap((object) => relative(object, keyPrefix));
    return { objects, more: answer.more, token: answer.token };
  }

  #stuck(prefix: string): TrunksError {
    return new TrunksError("NOT_SUPPORTED", `list ${prefix}: ${this.#store.options.place} lists without getting on`);
  }
}

/** An object by its name below the backend's path, which may be no key. */
interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
}

function relative({ key, size, modifiedMs }: ListedObject, keyPrefix: string): StoredObject[] {
  return key?.startsWith(keyPrefix) ? [{ key: key.slice(keyPrefix.length), size, modifiedMs }] : [];
}

function listedKey(object: StoredObject): ListedKey[] {
  try {
    checkKey(object.key);
    return [object];
  } catch {
    return [];
  }
}

function isAscending(objects: readonly StoredObject[]): boolean {
  return objects.every(({ key }, index) => index === 0 || (objects[index - 1]?.key ?? "") < key);
}

/**
 * A name that a walk folder by folder meets before every folder whose keys may sort behind `after`, and before `after`:
 * of `p/ab-c` that is the folder `p/ab`, so the name is `p/aa~`.
 */
function beforeStem(prefix: string, after: string): string {
  if (!after.startsWith(prefix)) return after < prefix ? "" : after;
  const [stem = ""] = after.slice(prefix.length).split(/[/.-]/, 1);
  if (stem === "") return "";
  const last = stem.charCodeAt(stem.length - 1);
  // What precedes "0" is "/", which is no part of a name.
  const previous = stem.endsWith("0") ? "." : String.fromCharCode(last - 1);
  return `${prefix}${stem.slice(0, -1)}${previous}~`;
}
