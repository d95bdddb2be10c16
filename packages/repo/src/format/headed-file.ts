import { TrunksError } from "@trunks/core";
import { latin1Text, sha256Hex } from "../platform.ts";
import { decodeText, encodeText } from "./text.ts";

/** A file of the trunk: a header of text lines under a digest, and a body. See docs/format.md, 3.1. */
export interface HeadedFile {
  readonly kind: FileKind;
  /** SHA-256 of the header's lines, hexadecimal. */
  readonly digest: string;
  /** Its lines, each with its end. */
  readonly text: string;
  readonly body: Uint8Array;
}

export type FileKind = "record" | "intent" | "stub" | "snapshot" | "latest" | "place";

/** Lines that are known to be lines, each with its end. */
export interface LineBlock {
  readonly text: string;
}

/** The format version that this code reads and writes. */
const formatVersion = 1;

/** In bytes. A header above it is refused on both sides. */
export const maxHeaderLength = 64 * 2 ** 20;
/** Kinds of file that carry a pack behind their header. */
const kindsWithBody: readonly FileKind[] = ["record", "intent"];
const noBody = new Uint8Array(0);

/**
 * The bytes of a file, and the digest of its header. Throws `INVALID_ARGUMENT` for a line that would be read as two, and
 * `NOT_SUPPORTED` when the header is too large.
 */
export function encodeHeadedFile(
  kind: FileKind,
  lines: readonly (string | LineBlock)[],
  body: Uint8Array = noBody,
): { bytes: Uint8Array; digest: string } {
  const text = lines.map((line) => (typeof line === "string" ? `${line}\n` : line.text)).join("");
  if (lines.some(isNoLine) || text.includes("\0"))
    throw new TrunksError("INVALID_ARGUMENT", `a value in a ${kind} is not one line of text`);
  const header = encodeText(text);
  if (header.length > maxHeaderLength) {
    throw new TrunksError("NOT_SUPPORTED", `a ${kind} of ${header.length} bytes is too large`, {
      hint: "push fewer refs at once",
    });
  }
  const digest = sha256Hex(header);
  const opening = encodeText(`trunks ${kind} ${formatVersion}\ndigest ${digest}\n`);
  const bytes = new Uint8Array(opening.length + header.length + 1 + body.length);
  bytes.set(opening);
  bytes.set(header, opening.length);
  bytes[opening.length + header.length] = 0x0a;
  bytes.set(body, opening.length + header.length + 1);
  return { bytes, digest };
}

function isNoLine(line: string | LineBlock): boolean {
  return typeof line === "string" && (line === "" || line.includes("\n"));
}

/** What the first bytes of a file state, unchecked; `undefined` when they are no such file. */
function openingOf(
  bytes: Uint8Array,
): { kind: string; version: number; digest: string; contentStart: number } | undefined {
  const opening = /^trunks ([a-z]+) ([1-9][0-9]{0,8})\ndigest ([0-9a-f]{64})\n/.exec(
    // Bytes are as good as numbers here; to spread them one by one takes as long as all the rest.
    String.fromCharCode.apply(undefined, bytes.subarray(0, 200) as unknown as number[]),
  );
  if (opening === null) return undefined;
  const [whole, kind, version, digest] = opening as unknown as [string, string, string, string];
  return { kind, version: Number(version), digest, contentStart: whole.length };
}

/**
 * Reads a file of one of `kinds`. `key` is for messages. Throws `CORRUPT` for damage, `NOT_SUPPORTED` for a version above
 * this one.
 */
export function decodeHeadedFile(bytes: Uint8Array, kinds: readonly FileKind[], key: string): HeadedFile {
  const opening = openingOf(bytes);
  if (opening === undefined) throw damaged(key, "it does not begin as a file of a trunk does");
  checkVersion(opening.version, key);
  if (!kinds.includes(opening.kind as FileKind))
    throw damaged(key, `it is a ${opening.kind}, not a ${kinds.join(" or a ")}`);
  const end = headerEnd(bytes, opening.contentStart);
  if (end === undefined) throw damaged(key, "its header is cut short");
  const header = bytes.subarray(opening.contentStart, end);
  if (sha256Hex(header) !== opening.digest) throw damaged(key, "its header does not match its digest");
  if (header.includes(0)) throw damaged(key, "its header is no text");
  if (end + 1 < bytes.length && !kindsWithBody.includes(opening.kind as FileKind))
    throw damaged(key, "bytes follow its header");
  const text = decodeText(header);
  return {
    kind: opening.kind as FileKind,
    digest: opening.digest,
    text,
    body: bytes.subarray(end + 1),
  };
}

/** Throws `NOT_SUPPORTED` for a version that this code does not know. */
export function checkVersion(version: number, key: string): void {
  if (version <= formatVersion) return;
  throw new TrunksError(
    "NOT_SUPPORTED",
    `${key} has format version ${version}; this version of Trunks reads up to ${formatVersion}`,
    {
      hint: "update Trunks",
    },
  );
}

/** What a file may require of its readers. See docs/format.md, 7. */
const knownFeatures: ReadonlySet<string> = new Set(["containers", "thin"]);

/** Throws `NOT_SUPPORTED` when a file requires a feature that this code does not know. */
export function checkFeatures(features: readonly string[], key: string): void {
  const feature = features.find((name) => !knownFeatures.has(name));
  if (feature === undefined) return;
  throw new TrunksError(
    "NOT_SUPPORTED",
    `${key} requires the feature "${feature}", which this version of Trunks does not know`,
    {
      hint: "update Trunks",
    },
  );
}

/** Throws `CORRUPT` when a file does not require just the features that it makes use of, in byte order. */
export function checkRequired(features: readonly string[], expected: readonly string[], key: string): void {
  if (features.join(" ") === expected.join(" ")) return;
  throw damaged(key, `it requires "${features.join(" ")}" in place of "${expected.join(" ")}"`);
}

/** A reader met bytes that are not what their digest, their format or their place says. */
export function damaged(key: string, reason: string): TrunksError {
  return new TrunksError("CORRUPT", `${key} is damaged: ${reason}`, {
    hint: "run `trunks check --remote` to see what is affected",
  });
}

/** So many bytes are looked at at a time, for most headers are short and what follows them is not. */
const searchLength = 2 ** 16;

/** Where the empty line stands that ends the header; the header may have no line at all. */
function headerEnd(bytes: Uint8Array, start: number): number | undefined {
  if (bytes[start] === 0x0a) return start;
  const limit = Math.min(bytes.length, start + maxHeaderLength + 1);
  // As text, in which two characters are found at once: a header may have thousands of lines.
  for (let from = start; from < limit; from += searchLength) {
    const found = latin1Text(bytes.subarray(from, Math.min(from + searchLength + 1, limit))).indexOf("\n\n");
    if (found !== -1) return from + found + 1;
  }
  return undefined;
}
