import type { Body } from "@trunks/core";

/** Room for bytes that are written once, from front to back, and then read, perhaps more than once and in parts. */
export interface ScratchFile {
  write(bytes: Uint8Array): Promise<void>;
  /** What was written. Nothing more may be written then. */
  body(): Promise<Body>;
  /** Frees the room. Whoever made the file calls it in any case. */
  remove(): Promise<void>;
}

/** Where upkeep makes new packs before it uploads them. */
export interface Scratch {
  /** How much one run may make at once, in bytes. */
  readonly sizeBytes: number;
  create(): Promise<ScratchFile>;
}

/** Scratch files in memory, for where there is no disk; default 64 MiB at once. */
export function memoryScratch(sizeBytes = 2 ** 26): Scratch {
  return {
    sizeBytes,
    async create() {
      const pieces: Uint8Array[] = [];
      return {
        async write(bytes) {
          pieces.push(bytes.slice());
        },
        body: async () => joined(pieces),
        async remove() {
          pieces.length = 0;
        },
      };
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole;
}
