import type { ObjectFormat } from "../pack/object-format.ts";
import type { Ref } from "./state.ts";

/** Lookups that are done by searching the text; who asks for more needs all. */
const maxSearches = 4;

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
  #searches = 0;

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

  /** Lines `<id> <name>`, without the last one's end. */
  listed(): string {
    return this.#text.slice(0, -1).replace(/^ref ([0-9a-f]+) [-0-9a-f]+ /gm, "$1 ");
  }

  get(name: string): Ref | undefined {
    if (this.#map !== undefined || this.#searches++ >= maxSearches || !/^refs\/[^\s]+$/.test(name))
      return this.#all().get(name);
    const end = this.#text.indexOf(` ${name}\n`);
    return end === -1 ? undefined : this.#refIn(this.#text.slice(this.#text.lastIndexOf("\n", end) + 1, end));
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
