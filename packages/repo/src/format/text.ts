/**
 * Text that keeps every byte. Git's names and messages are bytes; most are UTF-8, and those read naturally. A byte that
 * is part of no valid UTF-8 sequence becomes a lone surrogate U+DC80 to U+DCFF (as Python's `surrogateescape` does), so
 * that `encodeText(decodeText(bytes))` gives the same bytes always.
 */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeLines(bytes);
  }
}

export function encodeText(text: string): Uint8Array {
  return /[\uDC80-\uDCFF]/.test(text) && !text.isWellFormed() ? encodeLines(text) : encoder.encode(text);
}

/** Line by line: one odd name among a hundred thousand costs one line's work. A line feed is part of no longer sequence. */
function decodeLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    lines.push(decodeOne(line) ?? decodeEscaped(line));
    start = end + 1;
  }
  return lines.join("\n");
}

function encodeLines(text: string): Uint8Array {
  const lines = text.split("\n").map((line) => (line.isWellFormed() ? encoder.encode(line) : encodeEscaped(line)));
  const bytes = new Uint8Array(lines.reduce((size, line) => size + line.length, lines.length - 1)).fill(0x0a);
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length + 1;
  }
  return bytes;
}

function decodeEscaped(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at] as number);
    const character =
      length === 0 || at + length > bytes.length ? undefined : decodeOne(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(0xdc00 + (bytes[at] as number));
    at += character === undefined ? 1 : length;
  }
  return text;
}

function decodeOne(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

function encodeEscaped(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** Orders text by its bytes, as Git orders names. */
export function compareText(left: string, right: string): number {
  // Code units order like UTF-8 bytes unless surrogates take part.
  if (!/[\uD800-\uFFFF]/.test(left + right)) return left < right ? -1 : left > right ? 1 : 0;
  const a = encodeText(left);
  const b = encodeText(right);
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return (a[index] as number) - (b[index] as number);
  }
  return a.length - b.length;
}
