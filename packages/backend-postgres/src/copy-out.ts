import { Query } from "pg";

/** The fields of a row as Postgres keeps them: numbers in network order, text in UTF-8. */
export type BinaryRow = readonly (Buffer | null)[];

/**
 * `COPY … TO STDOUT (FORMAT binary)`. The one way in which the client library hands bytes over as they are: in the rows of
 * other statements each byte comes as two hexadecimal digits, which takes several times as long.
 */
export class CopyOut extends Query {
  readonly #pieces: Buffer[] = [];
  readonly done: Promise<void>;

  constructor(select: string) {
    const ended = Promise.withResolvers<void>();
    super(`COPY (${select}) TO STDOUT (FORMAT binary)`, (error) => {
      if (error) ended.reject(error);
      else ended.resolve();
    });
    this.done = ended.promise;
  }

  /** Called by the library, which uses the bytes' place again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#pieces.push(Buffer.from(chunk));
  }

  /** All rows, once it is done. */
  binaryRows(): BinaryRow[] {
    return readRows(this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces));
  }
}

/** Signature, and a field of flags. */
const fixedHeaderBytes = 11 + 4;

/** The format is that of the manual's page on COPY, "Binary Format". Throws where the bytes are not of it. */
function readRows(bytes: Buffer): BinaryRow[] {
  const rows: BinaryRow[] = [];
  let offset = fixedHeaderBytes + 4 + bytes.readInt32BE(fixedHeaderBytes);
  for (;;) {
    const count = bytes.readInt16BE(offset);
    offset += 2;
    if (count < 0) return rows;
    const row: (Buffer | null)[] = [];
    for (let field = 0; field < count; field++) {
      const size = bytes.readInt32BE(offset);
      offset += 4;
      row.push(size < 0 ? null : bytes.subarray(offset, offset + size));
      offset += Math.max(size, 0);
    }
    rows.push(row);
  }
}
