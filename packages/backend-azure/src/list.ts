import type { BlobItem } from "@azure/storage-blob";
import { checkKey, type ListedKey, type ListPage, TrunksError } from "@trunks/core";
import type { AzureStore } from "./store.ts";

/** What is listed: see `Backend.list`. */
interface Listing {
  readonly prefix: string;
  /** Empty: from the beginning. */
  readonly after: string;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

interface Page {
  readonly blobs: readonly BlobItem[];
  readonly marker: string | undefined;
}

/** Azure's own limit of a page. */
const maxPageSize = 5000;
/** So many walks through a prefix, page by page, may go on at the same time without beginning anew. */
const maxMarkers = 64;

/**
 * Lists keys in byte order. Others' blobs whose names are no keys are left out.
 *
 * A list that goes on where a page ended uses Azure's marker of that page. Any other `after` is given as `startFrom`, which
 * older services ignore: what they send before it is passed over.
 */
export class Lister {
  readonly #store: AzureStore;
  /** By prefix and last key of a page. */
  readonly #markers = new Map<string, string>();

  constructor(store: AzureStore) {
    this.#store = store;
  }

  async list(listing: Listing): Promise<ListPage> {
    const { prefix, after, limit } = listing;
    let marker = after === "" ? undefined : this.#markers.get(`${prefix}\n${after}`);
    let pageSize = limit;
    for (;;) {
      const page = await this.#page(listing, marker, pageSize);
      this.#checkOrder(listing, page);
      const found = page.blobs.flatMap((blob) => listedKey(blob, this.#store.options.keyPrefix));
      const keys = found.filter(({ key }) => key > after).slice(0, limit);
      const last = keys.at(-1)?.key;
      if (last !== undefined || page.marker === undefined) {
        const more = page.marker !== undefined || last !== found.at(-1)?.key;
        if (page.marker !== undefined && last === found.at(-1)?.key) this.#remember(`${prefix}\n${last}`, page.marker);
        return { keys, more: more && keys.length > 0 };
      }
      if (page.marker === marker) throw this.#unfit(prefix, "lists without getting on");
      marker = page.marker;
      // Everything before `after` has to be passed.
      pageSize = maxPageSize;
    }
  }

  async #page({ prefix, after, signal }: Listing, marker: string | undefined, pageSize: number): Promise<Page> {
    // Of all keys that begin with `after` none sorts before this one.
    const startFrom = after === "" || marker !== undefined ? undefined : this.#store.blobName(`${after}-`);
    const request = { operation: "list", key: prefix, loss: "harmless", signal } as const;
    const { output } = await this.#store.send(request, async (container, abortSignal) => {
      const blobs = container.listBlobsFlat({ prefix: this.#store.blobName(prefix), startFrom, abortSignal });
      const step = await blobs.byPage({ continuationToken: marker, maxPageSize: pageSize }).next();
      return step.done ? undefined : step.value;
    });
    return { blobs: output?.segment.blobItems ?? [], marker: output?.continuationToken || undefined };
  }

  /** An account with a hierarchical namespace lists folder by folder, `a/c` before `a-b`. */
  #checkOrder({ prefix }: Listing, { blobs }: Page): void {
    const isAscending = blobs.every(({ name }, index) => index === 0 || (blobs[index - 1]?.name ?? "") < name);
    if (!isAscending) throw this.#unfit(prefix, "does not list in the order of names");
  }

  #remember(place: string, marker: string): void {
    this.#markers.delete(place);
    this.#markers.set(place, marker);
    const [oldest] = this.#markers.keys();
    if (this.#markers.size > maxMarkers && oldest !== undefined) this.#markers.delete(oldest);
  }

  #unfit(prefix: string, what: string): TrunksError {
    return new TrunksError("NOT_SUPPORTED", `list ${prefix}: ${this.#store.options.place} ${what}`, {
      hint: "use an account without a hierarchical namespace",
    });
  }
}

function listedKey({ name, properties }: BlobItem, keyPrefix: string): ListedKey[] {
  if (!name.startsWith(keyPrefix)) return [];
  const key = name.slice(keyPrefix.length);
  try {
    checkKey(key);
  } catch {
    return [];
  }
  return [{ key, size: properties.contentLength ?? 0, modifiedMs: properties.lastModified.getTime() }];
}
