import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Backend, bytesContent, type Content, type GetOptions, replaceMethods } from "@trunks/core";

/** Ranges are kept in units of so many bytes. */
const unitSizeBytes = 2 ** 14;
/** So many units between two that are missing are rather read again than asked around. */
const gapUnits = 4;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is kept of one pack. */
interface Spool {
  readonly file: FileHandle;
  readonly units: Set<number>;
  totalSize: number;
}

/**
 * Ranges of packs that were read, in files on the disk: who walks through a history level by level comes by the same places again
 * and again, asks the store for them once, and need not hold them in memory. A disk that fails, or is full, costs speed alone.
 */
export class SpooledRanges {
  readonly #parent: () => Promise<string>;
  #folder: Promise<string> | undefined;
  readonly #spools = new Map<string, Promise<Spool>>();
  #hasFailed = false;

  /** Makes a folder of its own in `parent` when it is first needed. */
  constructor(parent: () => Promise<string>) {
    this.#parent = parent;
  }

  /** The same store, whose packs are read through this. */
  over(backend: Backend): Backend {
    return replaceMethods(backend, { get: (key, options = {}) => this.#get(backend, key, options) });
  }

  /** Removes all files. */
  async remove(): Promise<void> {
    this.#hasFailed = true;
    for (const spool of this.#spools.values()) await spool.then(({ file }) => file.close()).catch(() => {});
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async #get(backend: Backend, key: string, options: GetOptions): Promise<Content | undefined> {
    const { range } = options;
    const isKept = key.endsWith(".pack") && range !== undefined && "start" in range && range.end !== undefined;
    if (!isKept || this.#hasFailed) return backend.get(key, options);
    const spool = await this.#spool(key).catch(() => undefined);
    if (spool === undefined) return backend.get(key, options);
    const missing = missingRuns(spool, { start: range.start, end: range.end as number });
    const read = await Promise.all(missing.map((run) => this.#read(backend, key, run, spool, options)));
    if (read.includes(undefined)) return undefined;
    const end = Math.min(range.end as number, spool.totalSize);
    const [first] = read;
    const whole = first !== undefined && missing.length === 1 && missing[0]?.start === range.start;
    if (whole && first.length >= end - range.start)
      return bytesContent(first.subarray(0, end - range.start), spool.totalSize);
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(end - range.start).buffer);
    const { bytesRead } = await spool.file.read(bytes, 0, bytes.length, range.start).catch(() => ({ bytesRead: -1 }));
    if (bytesRead === bytes.length && !this.#hasFailed) return bytesContent(bytes, spool.totalSize);
    this.#hasFailed = true;
    return backend.get(key, options);
  }

  async #read(
    backend: Backend,
    key: string,
    run: Range,
    spool: Spool,
    options: GetOptions,
  ): Promise<Uint8Array | undefined> {
    const content = await backend.get(key, { ...options, range: run });
    if (content === undefined) return undefined;
    const bytes = await content.bytes();
    spool.totalSize = content.totalSize;
    try {
      await spool.file.write(bytes, 0, bytes.length, run.start);
      for (let unit = run.start / unitSizeBytes; unit * unitSizeBytes < run.start + bytes.length; unit++) {
        spool.units.add(unit);
      }
    } catch {
      this.#hasFailed = true;
    }
    return bytes;
  }

  #spool(key: string): Promise<Spool> {
    const present = this.#spools.get(key);
    if (present !== undefined) return present;
    this.#folder ??= this.#parent().then((parent) => mkdtemp(join(parent, "ranges-")));
    const name = `${this.#spools.size}`;
    const made = this.#folder.then(async (folder): Promise<Spool> => {
      const file = await open(join(folder, name), "wx+", 0o600);
      return { file, units: new Set(), totalSize: Number.MAX_SAFE_INTEGER };
    });
    this.#spools.set(key, made);
    return made;
  }
}

/** What has to be asked for, in whole units. */
function missingRuns({ units }: Spool, { start, end }: Range): Range[] {
  const runs: { start: number; end: number }[] = [];
  for (let unit = Math.floor(start / unitSizeBytes); unit * unitSizeBytes < end; unit++) {
    if (units.has(unit)) continue;
    const at = { start: unit * unitSizeBytes, end: (unit + 1) * unitSizeBytes };
    const last = runs.at(-1);
    if (last !== undefined && at.start - last.end <= gapUnits * unitSizeBytes) last.end = at.end;
    else runs.push(at);
  }
  return runs;
}
