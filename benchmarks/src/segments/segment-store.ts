import type { Backend } from "@trunks/core";

/** What a server's address is in another process. */
export type Address = Readonly<Record<string, unknown>>;

/** A kind of store: its server, our backend for it, and what its vendor gives to programs. */
export interface SegmentStore<Running extends Address = Address> {
  /** The server, and the vendor's client: for the table. */
  readonly server: string;
  readonly client: string;
  /** Starts a server whose files lie in the folder. What else it answers must be plain data. */
  start(folder: string): Promise<Running & { stop(): Promise<void> }>;
  openBackend(address: Running): Promise<Backend>;
  openVendor(address: Running): Promise<Vendor>;
}

/** A vendor's client in its own best way to move one large body. */
interface Vendor {
  upload(key: string, file: string, size: number): Promise<void>;
  /** Reads the whole body and throws it away. */
  download(key: string, size: number): Promise<void>;
  close(): Promise<void>;
}

/** As our backends read and write large bodies. */
export const partSizeBytes = 8 * 2 ** 20;
export const readConcurrency = 8;
export const writeConcurrency = 4;

/** Calls `work` for each part of so many bytes, several at once. */
export async function inParts(
  size: number,
  partBytes: number,
  concurrency: number,
  work: (start: number, end: number, worker: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (number: number) => {
    while (next < size) {
      const start = next;
      next = Math.min(size, start + partBytes);
      await work(start, next, number);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number)));
}
