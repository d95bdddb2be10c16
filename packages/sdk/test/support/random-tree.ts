import { encodeText } from "@trunks/repo";
import type { SeededRandom } from "../../../repo/test/seeded-random.ts";
import type { Trunk } from "../../src/index.ts";

interface File {
  readonly type: "file" | "executable" | "symlink";
  readonly content: Uint8Array;
}

/** Names whose order as files differs from that as folders, and such as only bytes can tell. */
const names = [
  "a",
  "a.b",
  "a-b",
  "a0",
  "ab",
  "A",
  "z",
  "é",
  "\u{1f600}",
  "\ufffd",
  "\udcff",
  " ",
  "-",
  "~",
  "x y",
  '"',
];

/** A tree that changes at random, the same way in a trunk and here. */
export class RandomTree {
  readonly files = new Map<string, File>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Makes one change in the trunk and here. */
  async change(trunk: Trunk): Promise<void> {
    const random = this.#random;
    const present = [...this.files.keys()];
    // Bounded, so that many changes take as long as they are many.
    if (present.length > 0 && random.chance(present.length > 40 ? 0.7 : 0.15))
      return this.#remove(trunk, random.pick(present));
    if (present.length > 0 && random.chance(0.15)) return this.#copyOrMove(trunk, random.pick(present));
    const path = present.length > 0 && random.chance(0.2) ? random.pick(present) : this.#freePath();
    const file: File = {
      type: random.pick(["file", "file", "executable", "symlink"] as const),
      content: random.chance(0.9)
        ? encodeText(`text ${random.between(0, 50)}\n`)
        : random.bytes(random.between(0, 300)),
    };
    await trunk.write(path, file.content, { type: file.type });
    this.files.set(path, file);
  }

  /** As `git fast-import` wants it. */
  importLines(): Uint8Array[] {
    const lines: Uint8Array[] = [encodeText("deleteall\n")];
    const modes = { file: "100644", executable: "100755", symlink: "120000" };
    for (const [path, { type, content }] of this.files) {
      const head = `M ${modes[type]} inline ${quoted(path)}\ndata ${content.length}\n`;
      lines.push(encodeText(head), content, encodeText("\n"));
    }
    return lines;
  }

  async #remove(trunk: Trunk, path: string): Promise<void> {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (folder === "" || this.#random.chance(0.5)) {
      await trunk.remove(path);
      this.files.delete(path);
      return;
    }
    await trunk.remove(folder, { recursive: true });
    for (const other of this.files.keys()) if (other.startsWith(`${folder}/`)) this.files.delete(other);
  }

  async #copyOrMove(trunk: Trunk, path: string): Promise<void> {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const source = folder !== "" && this.#random.chance(0.5) ? folder : path;
    const target = this.#freePath();
    if (target === source || target.startsWith(`${source}/`)) return;
    const isMove = this.#random.chance(0.5);
    await (isMove ? trunk.move(source, target) : trunk.copy(source, target));
    for (const [other, file] of [...this.files]) {
      if (other !== source && !other.startsWith(`${source}/`)) continue;
      this.files.set(target + other.slice(source.length), file);
      if (isMove) this.files.delete(other);
    }
  }

  /** A path at which nothing stands, with no file on the way to it. */
  #freePath(): string {
    for (;;) {
      const path = Array.from({ length: this.#random.between(1, 4) }, () => this.#random.pick(names)).join("/");
      const taken = [...this.files.keys()].some(
        (other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`),
      );
      if (!taken) return path;
    }
  }
}

/** As git quotes paths. */
function quoted(path: string): string {
  const bytes = Array.from(encodeText(path), (byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  return `"${bytes.join("")}"`;
}
