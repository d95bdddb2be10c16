import { decodeText, encodeText } from "../../src/format/text.ts";
import type { CommitPack, Commits, PackedObject } from "./commits.ts";

/** Commits that are nothing but ids, in packs that are lists of them: quick, and enough where nobody looks inside. */
export class ListedCommits implements Commits {
  readonly parents = new Map<string, string | undefined>();

  make(parent: string | undefined, random: { hex(digits: number): string }): string {
    const id = random.hex(40);
    this.parents.set(id, parent);
    return id;
  }

  objectsOf(commit: string): readonly string[] {
    return [commit];
  }

  async pack(commits: Iterable<string>): Promise<CommitPack> {
    const ids = [...commits];
    const pack = encodeText(ids.map((id) => `${id}\n`).join(""));
    return { pack, index: encodeText("an index"), objectCount: ids.length };
  }

  large(): readonly [] {
    return [];
  }

  objectsIn(_: unknown, bytes: Uint8Array): readonly PackedObject[] {
    const ids = decodeText(bytes).split("\n").filter(Boolean);
    return ids.map((id) => ({ id }));
  }
}
