import { type Backend, type Body, isTrunksError, type RequestOptions, type Source } from "@trunks/core";
import { mapConcurrent } from "../concurrent.ts";
import { fileKeys } from "../format/container.ts";
import { intentKey } from "../format/key.ts";
import type { Segment } from "../format/pack-name.ts";
import type { CataloguePack } from "../format/state.ts";
import type { Sleep } from "../journal/sleep.ts";
import { downloadInline, downloadSegment, missing } from "../transfer/download.ts";
import { createSame, isThere, readWhole } from "./copy-key.ts";
import type { Looker } from "./findings.ts";

export interface CopyOptions extends RequestOptions {
  readonly sleep: Sleep;
  /** The target is a strict mirror: see `settleConflict`. Default false. */
  readonly strict?: boolean;
  /** Called with so many further bytes of packs that need not be copied any more. */
  readonly progress?: (bytes: number) => void;
  /** Told of what is missing or damaged in the target, and when that was mended. */
  readonly looker?: Looker;
}

/** Packs copied at once. Each large one is read and written in parallel parts, which need memory. */
const packConcurrency = 8;
const largePackConcurrency = 2;
/** In bytes. */
const largePackSize = 2 ** 24;

/** Copies those packs that are keys of their own: segments, containers and intents. */
export async function copyPacks(
  source: Backend,
  target: Backend,
  packs: readonly CataloguePack[],
  options: CopyOptions,
): Promise<void> {
  const isLarge = ({ pack }: CataloguePack) => pack.size > largePackSize;
  const copy = (pack: CataloguePack) => copyPack(source, target, pack, options);
  await mapConcurrent(
    packs.filter((pack) => !isLarge(pack)),
    packConcurrency,
    copy,
  );
  await mapConcurrent(packs.filter(isLarge), largePackConcurrency, copy);
}

async function copyPack(source: Backend, target: Backend, pack: CataloguePack, options: CopyOptions): Promise<void> {
  const { name } = pack;
  if (name.kind === "record") return; // Comes with its record.
  if (name.kind === "segment" || name.kind === "container") {
    const segment = pack.pack as Segment;
    const parts = ["pack", "index"] as const;
    const copies = parts.map((part) => copyPart(source, target, segment, part, options));
    // Both have ended when this has.
    await Promise.allSettled(copies);
    await Promise.all(copies);
    return;
  }
  const key = intentKey(name.id);
  const check = () => downloadInline(target, pack, [], options);
  const there = await lookAt(target, key, check, options);
  if (there === "whole") return;
  const bytes = await readWhole(source, key, options);
  await downloadInline(source, pack, [], options); // Checks the pack in it.
  await write(target, key, bytes, there, options);
  options.looker?.mended(key);
}

/** Copies one file of a segment. What the target ends up with has the digest that the journal states. */
async function copyPart(
  source: Backend,
  target: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: CopyOptions,
): Promise<void> {
  const key = fileKeys(segment)[part];
  const body = new SegmentSource(source, segment, part, options);
  const there = await lookAt(target, key, () => readThrough(target, segment, part, options), options);
  if (there !== "whole") {
    await write(target, key, body, there, options);
    if (body.unchecked) await checkCopy(target, segment, part, key, options);
    options.looker?.mended(key);
  }
  options.progress?.(body.size);
}

/** What lies under a key of the target: somebody may have copied it by hand, or not have come to check it. */
async function lookAt(
  target: Backend,
  key: string,
  check: () => Promise<unknown>,
  options: CopyOptions,
): Promise<"nothing" | "damaged" | "whole"> {
  if (!(await isThere(target, key, options))) {
    options.looker?.found(key, "missing");
    return "nothing";
  }
  try {
    await check();
    return "whole";
  } catch (error) {
    if (!isTrunksError(error, "CORRUPT")) throw error;
    options.looker?.found(key, "damaged");
    return "damaged";
  }
}

/** Writes what is missing, or in the place of what is damaged. */
async function write(
  target: Backend,
  key: string,
  body: Body,
  there: "nothing" | "damaged",
  options: RequestOptions,
): Promise<void> {
  if (there === "nothing") await createSame(target, key, body, options);
  else await target.put(key, body, { signal: options.signal });
}

/** Reads a segment's file to its end; throws `CORRUPT` when it is not what the journal says. */
async function readThrough(
  store: Backend,
  segment: Segment,
  part: "pack" | "index",
  options: RequestOptions,
): Promise<void> {
  for await (const chunk of downloadSegment(store, segment, part, options)) if (chunk.length === 0) break;
}

/** A store that writes parts in parallel reads them in any order, so their digest is taken from what it holds then. */
async function checkCopy(
  target: Backend,
  segment: Segment,
  part: "pack" | "index",
  key: string,
  options: CopyOptions,
): Promise<void> {
  try {
    await readThrough(target, segment, part, options);
  } catch (error) {
    if (isTrunksError(error, "CORRUPT")) await target.delete([key], options);
    throw error;
  }
}

/** A segment's file in another store. Read as a whole, it is checked before its last bytes are handed out. */
class SegmentSource implements Source {
  readonly size: number;
  /** Whether only parts were read, which cannot be checked. */
  unchecked = false;
  readonly #source: Backend;
  readonly #segment: Segment;
  readonly #part: "pack" | "index";
  readonly #options: RequestOptions;

  constructor(source: Backend, segment: Segment, part: "pack" | "index", { signal }: RequestOptions) {
    this.size = part === "pack" ? segment.size : segment.indexSize;
    this.#source = source;
    this.#segment = segment;
    this.#part = part;
    this.#options = { signal };
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start === 0 && end === this.size) {
      yield* downloadSegment(this.#source, this.#segment, this.#part, this.#options);
      return;
    }
    this.unchecked = true;
    const key = fileKeys(this.#segment)[this.#part];
    const content = await this.#source.get(key, { ...this.#options, range: { start, end } });
    if (content === undefined) throw missing(key);
    yield* content;
  }
}
