import type { Backend, RequestOptions } from "@trunks/core";
import type { PlaceFile } from "../format/place-file.ts";
import type { State } from "../format/state.ts";
import { checkCopied, noticeOf } from "./failover.ts";
import { superseded } from "./mirror-error.ts";
import type { Mirrors } from "./mirrors.ts";
import { askForPrimary, newSighting, type SightingCache, supersededBy, supersededNotice } from "./sighting.ts";

export interface PrimacyOptions {
  /** What the client has seen of the trunk in other stores, too. Default: nothing. */
  readonly sightings?: SightingCache;
  /** Is told, in a sentence, and once. */
  readonly warn?: (message: string) => void;
}

/** Looks whether the store that a client works with is its trunk's primary, and says so once when it is not. */
export class Primacy {
  readonly #backend: Backend;
  readonly #mirrors: Mirrors;
  readonly #options: PrimacyOptions;
  #told = false;
  /** Another store was made the primary, of which this one does not know. */
  #superseded = false;

  constructor(backend: Backend, mirrors: Mirrors, options: PrimacyOptions) {
    this.#backend = backend;
    this.#mirrors = mirrors;
    this.#options = options;
  }

  /** Throws before a push, and tells a reader, when this client has seen another store to be the primary since. */
  async check(state: State, options: RequestOptions & { readonly forPush?: boolean }): Promise<void> {
    const { sightings } = this.#options;
    if (sightings === undefined || state.map.primary === undefined) return;
    const primary = await supersededBy(this.#backend, state, await sightings.load(state.trunkId), options);
    this.#superseded = primary !== undefined;
    if (primary === undefined) return;
    if (options.forPush) throw superseded(primary);
    this.#tell(supersededNotice(primary));
  }

  /** Says what kind of store this is by its own file; throws when the trunk's first copy into it is not finished. */
  tellPlace(state: State, self: PlaceFile | undefined): void {
    checkCopied(self);
    const notice = noticeOf(state, self);
    if (notice !== undefined) this.#tell(notice);
  }

  /** Asks the strict mirrors. Never throws: who cannot be asked has nothing to say. */
  async ask(state: State, options: RequestOptions): Promise<void> {
    if (this.#told) return;
    const primary = await askForPrimary(this.#mirrors, state, options).catch(() => undefined);
    if (primary !== undefined && !options.signal?.aborted) this.#tell(supersededNotice(primary));
  }

  /** Keeps what was seen here, for other stores. Never throws. */
  async save(state: State): Promise<void> {
    const { sightings } = this.#options;
    if (sightings === undefined || state.map.primary === undefined || this.#superseded) return;
    try {
      const sighting = newSighting(state, await sightings.load(state.trunkId));
      if (sighting !== undefined) await sightings.save(state.trunkId, sighting);
    } catch {
      // A warning that another process then cannot give.
    }
  }

  #tell(notice: string): void {
    if (!this.#told) this.#options.warn?.(notice);
    this.#told = true;
  }
}
