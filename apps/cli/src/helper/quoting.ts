import { decodeText, encodeText } from "@trunks/repo";

const escapes: { readonly [letter: string]: number } = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "\\": 92,
};

/** Undoes git's quoting of values in the style of C; a value without quotes is itself. */
export function unquote(value: string): string {
  if (!/^".*"$/s.test(value)) return value;
  const bytes: number[] = [];
  const inner = value.slice(1, -1);
  for (let at = 0; at < inner.length; ) {
    const found = /^\\(?:([0-3][0-7]{2})|(.))/s.exec(inner.slice(at, at + 4));
    if (found === null) {
      const character = String.fromCodePoint(inner.codePointAt(at) as number);
      bytes.push(...encodeText(character));
      at += character.length;
    } else {
      const [whole, octal, letter] = found as unknown as [string, string | undefined, string | undefined];
      bytes.push(
        octal === undefined
          ? (escapes[letter as string] ?? (letter as string).charCodeAt(0))
          : Number.parseInt(octal, 8),
      );
      at += whole.length;
    }
  }
  return decodeText(Uint8Array.from(bytes));
}
