import { createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Backend, bytesContent, type Content, type GetOptions, replaceMethods, resolveRange } from "@trunks/core";
import { downloadSegment, fileKeys, type Segment } from "@trunks/repo";

/** Containers that were downloaded and found to be what the journal says, in files: from here on they are read there. */
export class ContainerCopies {
  readonly #folder: string;
  /** Sizes in bytes, by key. */
  readonly #sizes = new Map<string, number>();

  /** The folder must be there. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Downloads both files of a container. Throws as `downloadSegment` does; then nothing of it is read here. */
  async add(backend: Backend, container: Segment, signal: AbortSignal): Promise<void> {
    const keys = fileKeys(container);
    for (const part of ["pack", "index"] as const) {
      await pipeline(downloadSegment(backend, container, part, { signal }), createWriteStream(this.#path(keys[part])));
    }
    this.#sizes.set(keys.pack, container.size).set(keys.index, container.indexSize);
  }

  /** The same store; what was downloaded is not asked of it again. */
  over(backend: Backend): Backend {
    return replaceMethods(backend, { get: (key, options) => this.#get(backend, key, options) });
  }

  /** Removes the files. */
  async remove(): Promise<void> {
    for (const key of this.#sizes.keys()) await rm(this.#path(key), { force: true });
    this.#sizes.clear();
  }

  #path(key: string): string {
    return join(this.#folder, key.replace("/", "-"));
  }

  async #get(backend: Backend, key: string, options: GetOptions = {}): Promise<Content | undefined> {
    const size = this.#sizes.get(key);
    if (size === undefined) return backend.get(key, options);
    const { start, end } = resolveRange(options.range, size);
    const bytes = new Uint8Array(end - start);
    const file = await open(this.#path(key));
    try {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytesContent(bytes.subarray(0, bytesRead), size);
    } finally {
      await file.close();
    }
  }
}
