import { isTrunksError, type TrunksError } from "@trunks/core";

/** What was wrong under a key of a mirror. */
export interface MirrorFinding {
  readonly key: string;
  readonly kind: "missing" | "damaged";
  /** Why it is so still; `undefined` when it was mended. */
  readonly error: TrunksError | undefined;
}

/** What a piece of work tells of the keys that it looks at. */
export interface Looker {
  found(key: string, kind: MirrorFinding["kind"]): void;
  mended(key: string): void;
}

/** Collects what is wrong in a mirror while it is mended. */
export class Findings {
  readonly all: MirrorFinding[] = [];

  /**
   * Runs a piece of work. What it has found and does not mend, because the primary lacks it too or has it damaged, is kept with
   * the reason; other failures are thrown.
   */
  async of(work: (looker: Looker) => Promise<void>): Promise<void> {
    const kinds = new Map<string, MirrorFinding["kind"]>();
    const open = new Set<string>();
    const looker: Looker = {
      found(key, kind) {
        kinds.set(key, kind);
        open.add(key);
      },
      mended: (key) => void open.delete(key),
    };
    const error = await work(looker).catch((thrown: unknown) => thrown);
    const isPrimarys = isTrunksError(error, "NOT_FOUND") || isTrunksError(error, "CORRUPT");
    if (error !== undefined && (!isPrimarys || open.size === 0)) throw error;
    for (const [key, kind] of kinds) {
      this.all.push({ key, kind, error: open.has(key) ? (error as TrunksError) : undefined });
    }
  }
}
