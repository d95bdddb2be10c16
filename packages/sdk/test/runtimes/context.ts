import type { Backend } from "@trunks/core";

/** What a case works with. */
export interface CaseContext {
  /** A client of a store that is this case's own: each call another client of the same store. */
  client(): Promise<Backend>;
  /** Stores as they are kept in this repository, each by the keys of its files: their bytes in base64. */
  readonly golden: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Bytes that are the same each time, and that deflate does not make fewer. */
export function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0, state = 88_675_123; index < size; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}

export function sameBytes(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left?.length === right.length && left.every((byte, index) => byte === right[index]);
}

export const author = {
  name: "A Writer",
  email: "writer@example.org",
  date: new Date(1_700_000_000_000),
  timezoneMinutes: 0,
};
