/** The parts of a Worker's `R2Bucket` that are used: a binding of one fits as it is. */
export interface R2Binding {
  get(key: string, options?: { readonly range?: R2ByteRange }): Promise<R2Body | null>;
  head(key: string): Promise<R2Object | null>;
  /** The value: bytes, or a stream whose length the runtime knows. Each runtime has types of its own for these. */
  put(key: string, value: unknown, options?: { readonly onlyIf?: R2Condition }): Promise<R2Object | null>;
  list(options?: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number }): Promise<R2Page>;
  delete(keys: string[]): Promise<void>;
}

export type R2ByteRange = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

export interface R2Condition {
  /** `*`: no object may be there. */
  readonly etagDoesNotMatch: string;
}

export interface R2Object {
  readonly key: string;
  /** Of the whole object, in bytes. */
  readonly size: number;
  readonly uploaded: Date;
}

/** An object with its bytes, or those of a range. */
export interface R2Body extends R2Object {
  readonly body: { getReader(): R2Reader };
}

/** Of a stream, by whichever runtime's types. */
interface R2Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(): Promise<void>;
}

interface R2Page {
  readonly objects: readonly R2Object[];
  readonly truncated: boolean;
}
