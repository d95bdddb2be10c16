import { TrunksError } from "@trunks/core";
import { decodeText, encodeText } from "../format/text.ts";
import { isObjectId, type ObjectFormat, type ObjectId } from "../pack/object-format.ts";

/** A part of a large blob: a blob of its own. */
export interface Chunk {
  readonly id: ObjectId;
  /** In bytes. */
  readonly size: number;
  /** The id of the container that held it when this was written. */
  readonly container: string;
}

/** How a blob is put together. See docs/format.md, 3.10. */
export interface Manifest {
  readonly blobId: ObjectId;
  /** In bytes. */
  readonly size: number;
  readonly chunks: readonly Chunk[];
}

const opening = "trunks chunks 1";

/** In bytes: no manifest is larger. */
export const maxManifestSizeBytes = 64 * 2 ** 20;

export function encodeManifest({ blobId, size, chunks }: Manifest): Uint8Array {
  const lines = [opening, `blob ${blobId} ${size}`];
  let container: string | undefined;
  for (const chunk of chunks) {
    if (chunk.container !== container) lines.push(`container ${chunk.container}`);
    container = chunk.container;
    lines.push(`${chunk.id} ${chunk.size}`);
  }
  const bytes = encodeText(`${lines.join("\n")}\n`);
  if (bytes.length <= maxManifestSizeBytes) return bytes;
  throw new TrunksError("NOT_SUPPORTED", `a file of ${size} bytes is too large to be kept in chunks`);
}

/** Reads what `encodeManifest` wrote. Throws `CORRUPT`, or `NOT_SUPPORTED` for a newer form. */
export function decodeManifest(format: ObjectFormat, blobId: ObjectId, bytes: Uint8Array): Manifest {
  const [first, second, ...lines] = decodeText(bytes).split("\n");
  if (first !== opening) {
    if (/^trunks chunks [0-9]+$/.test(first ?? ""))
      throw new TrunksError("NOT_SUPPORTED", `large file ${blobId}: its manifest is of a newer form`, {
        hint: "update Trunks",
      });
    return fail(blobId, "it does not begin as a manifest does");
  }
  const size = Number(second?.slice(`blob ${blobId} `.length));
  if (second !== `blob ${blobId} ${size}` || !isCount(size)) fail(blobId, "it is that of another blob");
  if (lines.pop() !== "") fail(blobId, "it is cut short");
  const chunks = readChunks(format, blobId, lines);
  const sum = chunks.reduce((total, chunk) => total + chunk.size, 0);
  if (sum !== size) fail(blobId, `its chunks have ${sum} bytes instead of ${size}`);
  return { blobId, size, chunks };
}

function readChunks(format: ObjectFormat, blobId: ObjectId, lines: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  let container: string | undefined;
  for (const line of lines) {
    const [left, right] = line.split(" ") as [string, string];
    if (left === "container" && /^[0-9a-f]{32}$/.test(right)) container = right;
    else if (container !== undefined && isObjectId(format, left) && isCount(Number(right)))
      chunks.push({ id: left, size: Number(right), container });
    else fail(blobId, `it has an unexpected line ${JSON.stringify(line.slice(0, 80))}`);
  }
  return chunks;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0;
}

function fail(blobId: ObjectId, reason: string): never {
  throw new TrunksError("CORRUPT", `large file ${blobId}: its manifest is damaged: ${reason}`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}
