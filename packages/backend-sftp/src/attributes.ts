import type { Attributes as LibraryAttributes } from "ssh2";

/** What a server says of a file or folder. */
export interface Attributes {
  readonly kind: "file" | "folder" | "other" | "link" | "unknown";
  readonly size: number;
  readonly modifiedMs: number;
}

export interface FolderEntry extends Attributes {
  readonly name: string;
}

/** File types in the bits of `permissions`: POSIX, sys/stat.h. */
const kinds: Readonly<Record<number, Attributes["kind"]>> = { 4: "folder", 8: "file", 10: "link" };

export function attributesOf({ mode, size, mtime }: LibraryAttributes): Attributes {
  const kind = mode === undefined ? "unknown" : (kinds[mode >> 12] ?? "other");
  return { kind, size: size ?? 0, modifiedMs: (mtime ?? 0) * 1000 };
}
