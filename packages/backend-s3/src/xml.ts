/**
 * As much of XML as S3 speaks: elements that hold others or text, and neither comments nor sections that are not parsed. A
 * name stands only once on the way from the root to what is looked for.
 */

/** What stands in the elements of this name, one after another. */
export function elements(xml: string, name: string): string[] {
  return Array.from(
    xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g")),
    ([, inner]) => inner as string,
  );
}

/** The text of the first element of this name; `undefined` when there is none, or nothing in it. */
export function textOf(xml: string, name: string): string | undefined {
  const [inner] = elements(xml, name);
  return inner === undefined || inner === "" ? undefined : decodeEntities(inner);
}

/** What stands in the root. Throws unless the root has this name, and its end is there. */
export function rootOf(xml: string, name: string): string {
  const found = new RegExp(`^\\s*(?:<\\?[^>]*\\?>\\s*)?<${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*)</${name}>)\\s*$`).exec(
    xml,
  );
  if (found === null) throw new Error(`the answer is no ${name}`);
  return found[1] ?? "";
}

/** Text as it may stand in an element. */
export function encodeEntities(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
