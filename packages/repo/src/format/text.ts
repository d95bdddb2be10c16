/**
 * Text that keeps every byte. Git's names and messages are bytes; most are UTF-8, and those read naturally. A byte that
 * is part of no valid UTF-8 sequence becomes a lone surrogate U+DC80 to U+DCFF (as Python's `surrogateescape` does), so
 * that `encodeText(decodeText(bytes))` gives the same bytes always.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strictText(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

export function encodeText(text: string): Uint8Array {
  return /[\uDC80-\uDCFF]/.test(text) && !text.isWellFormed() ? encodeEscaped(text) : plainBytes(text);
}

// Made when they are needed first: importing this package takes no time for them.
let decoder: InstanceType<typeof TextDecoder> | undefined;
let encoder: InstanceType<typeof TextEncoder> | undefined;

/** Throws for what is no UTF-8. */
function strictText(bytes: Uint8Array): string {
  decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

function plainBytes(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

function decodeEscaped(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = validEnd(bytes, at);
    parts.push(strictText(bytes.subarray(at, end)));
    if (end < bytes.length) parts.push(String.fromCharCode(0xdc00 + (bytes[end] as number)));
    at = end + 1;
  }
  return parts.join("");
}

/** Where the first byte stands, from `start` on, that is part of no valid sequence. */
function validEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const length = (bytes[at] as number) < 0x80 ? 1 : sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** Length of the valid sequence of two bytes or more that begins at `at`, or 0. Source: the Unicode Standard, table 3-7. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const second = bytes[at + 1] ?? 0;
  const length = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (length === 0 || second < least || second > most) return 0;
  for (let index = at + 2; index < at + length; index++) if (((bytes[index] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

function encodeEscaped(text: string): Uint8Array {
  // Every second part is a run of escaped bytes.
  const parts = text.split(/((?<![\uD800-\uDBFF])[\uDC80-\uDCFF]+)/).map((part, index) => {
    return index % 2 === 0 ? plainBytes(part) : Uint8Array.from(part, (odd) => odd.charCodeAt(0) - 0xdc00);
  });
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Orders text by its bytes, as Git orders names. */
export function compareText(left: string, right: string): number {
  // Code units order like UTF-8 bytes unless surrogates take part.
  if (!/[\uD800-\uDFFF]/.test(left) && !/[\uD800-\uDFFF]/.test(right)) return left < right ? -1 : left > right ? 1 : 0;
  const shorter = Math.min(left.length, right.length);
  let at = 0;
  while (at < shorter && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  if (at === shorter) return left.length - right.length;
  if (left.charCodeAt(at) < 0xd800 && right.charCodeAt(at) < 0xd800) return left.charCodeAt(at) - right.charCodeAt(at);
  const a = encodeText(left);
  const b = encodeText(right);
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return (a[index] as number) - (b[index] as number);
  }
  return a.length - b.length;
}
