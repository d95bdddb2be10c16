import type { ObjectFormat } from "../pack/object-format.ts";
import type { Ref } from "./state.ts";

/**
 * The refs of a snapshot as its lines have them, in order, taken apart only when somebody needs them as a map: very many are
 * most often listed as they are.
 */
export class RefLines implements ReadonlyMap<string, Ref> {
  readonly #text: string;
  readonly #objects: ObjectFormat;
  /** Whether some ref is an annotated tag. */
  readonly hasPeeled: boolean;
  readonly size: number;
  #map: Map<string, Ref> | undefined;
  #ids: ReadonlySet<string> | undefined;

  private constructor(text: string, objects: ObjectFormat, size: number, hasPeeled: boolean) {
    this.#text = text;
    this.#objects = objects;
    this.size = size;
    this.hasPeeled = hasPeeled;
  }

  /**
   * `text` is whole lines `ref <id> <peeled> <name>`. `undefined` when one of them is not plainly right: of another form, out
   * of order, or with a name of rare characters.
   */
  static of(text: string, objects: ObjectFormat): RefLines | undefined {
    if (text.includes(".lock")) return undefined;
    const line = plainLine(objects);
    let [size, hasPeeled, before] = [0, false, ""];
    for (let at = 0; at < text.length; at = line.lastIndex) {
      line.lastIndex = at;
      if (!line.test(text)) return undefined;
      const isPeeled = text[at + peeledStart(objects)] !== "-";
      const name = text.slice(at + nameStart(objects, isPeeled), line.lastIndex - 1);
      if (before >= name || name.length > maxNameLength) return undefined;
      [size, hasPeeled, before] = [size + 1, hasPeeled || isPeeled, name];
    }
    return new RefLines(text, objects, size, hasPeeled);
  }

  /** The lines as the snapshot has them, each with its end. */
  get text(): string {
    return this.#text;
  }

  /** These lines with refs set or removed; `undefined` when one of them has a name of rare characters. */
  with(changes: Iterable<[string, Ref | undefined]>): RefLines | undefined {
    const sorted = [...changes].sort(([left], [right]) => (left < right ? -1 : 1));
    const parts: string[] = [];
    let [at, size, hasPeeled] = [0, this.size, this.hasPeeled];
    for (const [name, ref] of sorted) {
      if (!plainName.test(name)) return undefined;
      const { start, end } = this.#find(name);
      parts.push(this.#text.slice(at, start));
      if (ref !== undefined) parts.push(`ref ${ref.id} ${ref.peeledId ?? "-"} ${name}\n`);
      size += Number(ref !== undefined) - Number(end > start);
      hasPeeled ||= ref?.peeledId !== undefined;
      at = end;
    }
    parts.push(this.#text.slice(at));
    return new RefLines(parts.join(""), this.#objects, size, hasPeeled);
  }

  /** Lines `<id> <name>`, without the last one's end. */
  listed(): string {
    return this.#text.slice(0, -1).replace(/^ref ([0-9a-f]+) [-0-9a-f]+ /gm, "$1 ");
  }

  /** The refs' values. */
  ids(): ReadonlySet<string> {
    if (this.#ids !== undefined) return this.#ids;
    const ids = new Set<string>();
    const length = idLength(this.#objects);
    for (let at = 0; at < this.#text.length; at = this.#text.indexOf("\n", at) + 1) {
      ids.add(this.#text.slice(at + 4, at + 4 + length));
    }
    this.#ids = ids;
    return ids;
  }

  get(name: string): Ref | undefined {
    if (this.#map !== undefined) return this.#map.get(name);
    const { start, end } = this.#find(name);
    return end === start ? undefined : this.#refIn(this.#text.slice(start, end - name.length - 2));
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  entries() {
    return this.#all().entries();
  }

  keys() {
    return this.#all().keys();
  }

  values() {
    return this.#all().values();
  }

  [Symbol.iterator]() {
    return this.#all().entries();
  }

  forEach(visit: (value: Ref, key: string, map: ReadonlyMap<string, Ref>) => void): void {
    for (const [name, ref] of this.#all()) visit(ref, name, this);
  }

  /** From where to where the line of a ref is, with its end; or where it would be, and then both are the same. */
  #find(name: string): { readonly start: number; readonly end: number } {
    const text = this.#text;
    // Both are where a line begins, or the text ends.
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const start = middle === 0 ? 0 : text.lastIndexOf("\n", middle - 1) + 1;
      const end = text.indexOf("\n", start) + 1;
      const isPeeled = text[start + peeledStart(this.#objects)] !== "-";
      const found = text.slice(start + nameStart(this.#objects, isPeeled), end - 1);
      if (found === name) return { start, end };
      if (found < name) low = end;
      else high = start;
    }
    return { start: low, end: low };
  }

  #all(): Map<string, Ref> {
    if (this.#map !== undefined) return this.#map;
    this.#map = new Map();
    const text = this.#text;
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf("\n", at);
      const start = at + nameStart(this.#objects, text[at + peeledStart(this.#objects)] !== "-");
      this.#map.set(text.slice(start, end), this.#refIn(text.slice(at, start - 1)));
      at = end + 1;
    }
    return this.#map;
  }

  /** `opening` is a line up to its name. */
  #refIn(opening: string): Ref {
    const start = peeledStart(this.#objects);
    const id = opening.slice(4, start - 1);
    const peeledId = opening.slice(start);
    return peeledId === "-" ? { id } : { id, peeledId };
  }
}

/** What `with` puts in: in the order of characters as in that of bytes, and on one line. */
const plainName = /^[\x21-\x7e]+$/;

/** In bytes, which are characters here. */
const maxNameLength = 4096;

/** What nearly all lines are: names of letters, digits, `_`, `+`, `-`, single dots and slashes. */
function plainLine(objects: ObjectFormat): RegExp {
  const id = `[0-9a-f]{${idLength(objects)}}`;
  const part = "[A-Za-z0-9_+-]+(?:\\.[A-Za-z0-9_+-]+)*";
  return new RegExp(`ref (?!0+ )${id} (?:-|(?!0+ )${id}) refs(?:/${part})+\\n`, "y");
}

function idLength(objects: ObjectFormat): number {
  return objects === "sha1" ? 40 : 64;
}

/** Where in a line the peeled id stands, or `-`. */
function peeledStart(objects: ObjectFormat): number {
  return 4 + idLength(objects) + 1;
}

function nameStart(objects: ObjectFormat, isPeeled: boolean): number {
  return peeledStart(objects) + (isPeeled ? idLength(objects) : 1) + 1;
}
