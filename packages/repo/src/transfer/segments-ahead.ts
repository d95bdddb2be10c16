import type { Backend, ListedKey, RequestOptions } from "@trunks/core";
import { indexKey, packKey, segmentPrefix } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import { wholePackSizeBytes } from "../pack/pack-blocks.ts";
import { sha256Hex } from "../platform.ts";

/** Of a pack that is not read whole so much, where the newest commits and trees stand. */
const headSizeBytes = 2 ** 18;

/** Of trunks with more segments, or larger ones, nothing is read ahead. */
const maxSegments = 32;
const maxIndexesSizeBytes = 2 ** 22;
const maxHeadsSizeBytes = 2 ** 23;

/** How much of a pack is read together with its index: so both come in one round trip. */
export function packHeadSize(packSize: number): number {
  return packSize <= wholePackSizeBytes ? packSize : headSizeBytes;
}

/** What was read of a segment. */
interface SegmentStart {
  readonly index: Promise<Uint8Array | undefined>;
  readonly head: Promise<Uint8Array | undefined>;
}

/**
 * The indexes of a trunk's segments and the beginnings of their packs, asked for while its journal is still read: a listing
 * names them. That saves a reader who knows nothing a round trip. The journal then decides what of it is used.
 */
export class SegmentsAhead {
  readonly backend: Backend;
  readonly #controller = new AbortController();
  readonly #starts: Promise<ReadonlyMap<string, SegmentStart>>;

  /** Begins at once. Fails never: what was not read is read when it is wanted. */
  constructor(backend: Backend) {
    this.backend = backend;
    this.#starts = this.#begin().catch(() => new Map());
  }

  /** The segment's index, if it was read and is the one that the journal names. */
  async index({ id, indexSize, indexDigest }: Segment, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    const bytes = await (await this.#start(id, options))?.index;
    return bytes?.length === indexSize && sha256Hex(bytes) === indexDigest ? bytes : undefined;
  }

  /** The first bytes of the segment's pack, as many as `packHeadSize` says, if they were read. */
  async head({ id, size }: Segment, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    const bytes = await (await this.#start(id, options))?.head;
    return bytes?.length === packHeadSize(size) ? bytes : undefined;
  }

  /** Gives up what is still on its way. */
  close(): void {
    this.#controller.abort();
  }

  async #start(id: string, { signal }: RequestOptions): Promise<SegmentStart | undefined> {
    const giveUp = () => this.close();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      return (await this.#starts).get(id);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  async #begin(): Promise<ReadonlyMap<string, SegmentStart>> {
    const { signal } = this.#controller;
    const { keys, more } = await this.backend.list(segmentPrefix, { limit: 2 * maxSegments + 1, signal });
    const segments = more ? [] : segmentsOf(keys);
    const sum = (size: (one: ListedSegment) => number) => segments.reduce((all, one) => all + size(one), 0);
    const isLarge =
      segments.length > maxSegments ||
      sum(({ indexSize }) => indexSize) > maxIndexesSizeBytes ||
      sum(({ packSize }) => packHeadSize(packSize)) > maxHeadsSizeBytes;
    if (isLarge) return new Map();
    return new Map(
      segments.map(({ id, packSize }) => {
        const index = this.#read(indexKey(id), undefined);
        return [id, { index, head: this.#read(packKey(id), packHeadSize(packSize)) }];
      }),
    );
  }

  async #read(key: string, size: number | undefined): Promise<Uint8Array | undefined> {
    try {
      const range = size === undefined ? undefined : { start: 0, end: size };
      return await (await this.backend.get(key, { range, signal: this.#controller.signal }))?.bytes();
    } catch {
      return undefined;
    }
  }
}

interface ListedSegment {
  readonly id: string;
  readonly packSize: number;
  readonly indexSize: number;
}

/** Those of which pack and index are there. */
function segmentsOf(keys: readonly ListedKey[]): ListedSegment[] {
  const sizes = new Map(keys.map(({ key, size }) => [key, size]));
  return keys.flatMap(({ key, size: packSize }) => {
    const id = /^objects\/([0-9a-f]{32})\.pack$/.exec(key)?.[1];
    const indexSize = id === undefined ? undefined : sizes.get(indexKey(id));
    return id === undefined || indexSize === undefined ? [] : [{ id, packSize, indexSize }];
  });
}
