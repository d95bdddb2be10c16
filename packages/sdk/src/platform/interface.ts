export interface TemporaryFile {
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** From `start` up to, not including, `end`: both within what was written. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Removes it. */
  close(): Promise<void>;
}

/** What a module of this folder exports. */
export interface Platform {
  /** A file that only this process can reach. Throws `NO_SPACE` when there is no room for what is written. */
  openTemporaryFile(): Promise<TemporaryFile>;

  /** The process's environment; empty where there is none. */
  environment(): Readonly<Record<string, string | undefined>>;

  /** Tells the user something that is no failure, as the runtime does it; nothing where it has no way. */
  emitWarning(message: string): void;

  /** A zlib stream of these bytes; they need not become fewer. */
  deflateStored(bytes: Uint8Array): Promise<Uint8Array>;

  /** What a zlib stream holds. Throws `INVALID_ARGUMENT` for bytes that are none. */
  inflateAll(bytes: Uint8Array): Promise<Uint8Array>;

  /** The text of a file; `undefined` when there is none, or something else stands there. Throws `PERMISSION_DENIED`. */
  readTextFile(path: string): Promise<string | undefined>;

  /** What a path means in a folder, from the root; an absolute one stays what it is. */
  resolvePath(folder: string, path: string): Promise<string>;

  /** `undefined` above the root. */
  parentFolder(folder: string): Promise<string | undefined>;

  /** Whether a file or folder is this user's. True where there are no users. */
  isOwn(path: string): Promise<boolean>;
}
