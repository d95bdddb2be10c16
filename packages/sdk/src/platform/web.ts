/** `Platform` where there are no files and no processes: in Workers and browsers. */
import { TrunksError } from "@trunks/core";
import type { TemporaryFile } from "./interface.ts";

/** A page of memory, in bytes: so much is taken at once. */
const pageSizeBytes = 2 ** 20;

/** In memory, page by page: there is nothing else. */
export async function openTemporaryFile(): Promise<TemporaryFile> {
  const pages: Uint8Array[] = [];
  return {
    async write(bytes, offset) {
      for (let at = 0; at < bytes.length; ) {
        const [page, inPage] = [Math.floor((offset + at) / pageSizeBytes), (offset + at) % pageSizeBytes];
        const part = bytes.subarray(at, at + pageSizeBytes - inPage);
        pages[page] ??= new Uint8Array(pageSizeBytes);
        pages[page].set(part, inPage);
        at += part.length;
      }
    },
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let at = start; at < end; ) {
        const inPage = at % pageSizeBytes;
        const part = pages[Math.floor(at / pageSizeBytes)]?.subarray(inPage, inPage + end - at);
        if (part === undefined) throw new TrunksError("INTERNAL", "a temporary file is shorter than it was");
        bytes.set(part, at - start);
        at += part.length;
      }
      return bytes;
    },
    async close() {
      pages.length = 0;
    },
  };
}

/** A Worker's variables come with each of its requests, and are its own matter. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return {};
}

export function emitWarning(message: string): void {
  // biome-ignore lint/suspicious/noConsole: it is what these runtimes have for it
  console.warn(message);
}

export async function deflateStored(bytes: Uint8Array): Promise<Uint8Array> {
  return await through(bytes, new CompressionStream("deflate"));
}

export async function inflateAll(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await through(bytes, new DecompressionStream("deflate"));
  } catch (error) {
    throw new TrunksError("INVALID_ARGUMENT", "these bytes are not deflated", { cause: error });
  }
}

export async function readTextFile(_path: string): Promise<string | undefined> {
  return undefined;
}

export async function resolvePath(folder: string, path: string): Promise<string> {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

export async function parentFolder(_folder: string): Promise<string | undefined> {
  return undefined;
}

export async function isOwn(_path: string): Promise<boolean> {
  return true;
}

async function through(bytes: Uint8Array, transform: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const { body } = new Response(bytes as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Response(body?.pipeThrough(transform)).arrayBuffer());
}
