import { escapeLiteral } from "pg";
import type { Statement } from "./connection.ts";

/** So old is what is being written by nobody any more. */
const abandonedAfter = "interval '1 day'";

/**
 * Every statement, for tables of these names. Three tables:
 *
 * - `<table>`: a row a key. Small bodies stand in it; of larger ones the id of a content.
 * - `<table>_chunks`: the contents, in rows of bounded size. An id is never used again.
 * - `<table>_loose`: the ids of contents that no key holds: those being written, and those to be removed. A content is
 *   taken from here by the statement that writes its key, or by the one that removes it, never by both.
 */
export class Statements {
  readonly #keys: string;
  readonly #chunks: string;
  readonly #loose: string;
  readonly #schema: string;

  constructor(schema: string, table: string) {
    this.#schema = schema;
    this.#keys = `"${schema}"."${table}"`;
    this.#chunks = `"${schema}"."${table}_chunks"`;
    this.#loose = `"${schema}"."${table}_loose"`;
  }

  /** To be run together. Two who create at once wait for each other. */
  createTables(): readonly string[] {
    return [
      `SELECT pg_advisory_xact_lock(hashtextextended('trunks ${this.#keys}', 0))`,
      `CREATE TABLE IF NOT EXISTS ${this.#keys} (
        key text COLLATE "C" PRIMARY KEY,
        size bigint NOT NULL,
        modified timestamptz NOT NULL DEFAULT clock_timestamp(),
        body bytea,
        content uuid,
        chunk_size integer,
        CHECK ((body IS NULL) = (content IS NOT NULL AND chunk_size IS NOT NULL)))`,
      `CREATE TABLE IF NOT EXISTS ${this.#chunks} (
        content uuid, number integer, bytes bytea NOT NULL, PRIMARY KEY (content, number))`,
      `CREATE TABLE IF NOT EXISTS ${this.#loose} (
        content uuid PRIMARY KEY, since timestamptz NOT NULL DEFAULT clock_timestamp())`,
      // Packs do not shrink, and a part of what is not compressed is found without reading the rest.
      `ALTER TABLE ${this.#keys} ALTER COLUMN body SET STORAGE EXTERNAL`,
      `ALTER TABLE ${this.#chunks} ALTER COLUMN bytes SET STORAGE EXTERNAL`,
    ];
  }

  schemaExists(): Statement {
    return { text: "SELECT to_regnamespace($1) IS NOT NULL AS found", values: [`"${this.#schema}"`] };
  }

  /** Writes no row when the key is taken. */
  create(key: string, body: Uint8Array): Statement {
    return {
      text: `INSERT INTO ${this.#keys} (key, size, body) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING`,
      values: [key, body.length, body],
    };
  }

  /** Answers as `replaced` the content that the key held before, which is loose now. */
  put(key: string, body: Uint8Array): Statement {
    return {
      text: `WITH ${this.#replaced()}
        INSERT INTO ${this.#keys} (key, size, body) VALUES ($1, $2, $3) ${onConflictReplace}
        RETURNING (SELECT content::text FROM old) AS replaced`,
      values: [key, body.length, body],
    };
  }

  /** The first statement of a body in chunks. */
  beginContent(content: string): Statement {
    return { text: `INSERT INTO ${this.#loose} (content) VALUES ($1)`, values: [content] };
  }

  /** Writes no row when the content is not loose any more: then someone has removed it. */
  addChunk(content: string, number: number, bytes: Uint8Array): Statement {
    return {
      text: `INSERT INTO ${this.#chunks} (content, number, bytes)
        SELECT content, $2::int, $3::bytea FROM ${this.#loose} WHERE content = $1 FOR KEY SHARE`,
      values: [content, number, bytes],
    };
  }

  /** Gives the content to the key if that is absent. `held`: the content was there. `written`: the key was absent. */
  createFromContent(key: string, size: number, content: string, chunkSize: number): Statement {
    return {
      text: `WITH ${this.#held("ON CONFLICT (key) DO NOTHING")}
        SELECT (SELECT count(*) FROM held)::int AS held, (SELECT count(*) FROM written)::int AS written`,
      values: [key, size, content, chunkSize],
    };
  }

  putFromContent(key: string, size: number, content: string, chunkSize: number): Statement {
    return {
      text: `WITH ${this.#replaced()}, ${this.#held(onConflictReplace)}
        SELECT (SELECT count(*) FROM held)::int AS held, (SELECT content::text FROM old) AS replaced`,
      values: [key, size, content, chunkSize],
    };
  }

  /** Removes a content if it is loose, once those have finished who add to it. To be run together. */
  removeContent(content: string): readonly string[] {
    return this.#removeLoose(`content = '${content}'`);
  }

  /** Removes what was begun long ago and never came to an end. To be run together. */
  removeAbandoned(): readonly string[] {
    return this.#removeLoose(`since < clock_timestamp() - ${abandonedAfter}`);
  }

  /** Keys with what they hold. */
  delete(keys: readonly string[]): Statement {
    return {
      text: `WITH gone AS (DELETE FROM ${this.#keys} WHERE key = ANY($1::text[]) RETURNING content)
        DELETE FROM ${this.#chunks} AS chunk USING gone WHERE chunk.content = gone.content`,
      values: [keys],
    };
  }

  /** One row more than a page holds says that there are more. */
  list(prefix: string, after: string, limit: number): Statement {
    // The next character behind the slash that ends every prefix.
    const end = prefix === "" ? null : `${prefix.slice(0, -1)}0`;
    return {
      text: `SELECT key, size::float8, floor(extract(epoch FROM modified) * 1000)::float8 AS modified_ms FROM ${this.#keys}
        WHERE key >= $1 AND key > $2 AND ($3::text IS NULL OR key < $3) ORDER BY key LIMIT $4`,
      values: [prefix, after, end, limit + 1],
    };
  }

  /**
   * To be copied: `size`, `content`, `chunk_size`, `first`, `last` and `bytes` of a key from `start` to `end`, or of the last
   * `start` bytes when `suffix`; of a content only those in the first `answerBytes`. A row a chunk; no row when the key is
   * absent.
   */
  read(key: string, start: number, end: number, suffix: boolean, answerBytes: number): string {
    const first = suffix ? `greatest(size - ${start}, 0)` : `least(${start}, size)`;
    return `
      WITH found AS (
        SELECT size, body, content, chunk_size, ${first} AS first, ${suffix ? "size" : `least(${end}, size)`} AS last
        FROM ${this.#keys} WHERE key = ${escapeLiteral(key)})
      SELECT size, content::text, chunk_size, first, last,
        CASE WHEN content IS NULL THEN substring(body FROM first::int + 1 FOR (last - first)::int)
          ELSE (SELECT ${slice} FROM ${this.#chunks} AS chunk WHERE chunk.content = found.content AND number = wanted)
        END
      FROM found LEFT JOIN LATERAL generate_series(
        first / chunk_size, least((last - 1) / chunk_size, (first + ${answerBytes - 1}) / chunk_size)) AS wanted ON true
      ORDER BY wanted`;
  }

  /** To be copied: the bytes of a content from `first` to `last`, a row a chunk. */
  readContent(content: string, chunkSize: number, first: number, last: number): string {
    return `
      SELECT ${slice} FROM ${this.#chunks} AS chunk,
        (SELECT ${chunkSize} AS chunk_size, ${first}::bigint AS first, ${last}::bigint AS last) AS asked
      WHERE chunk.content = ${escapeLiteral(content)}
        AND number BETWEEN first / chunk_size AND (last - 1) / chunk_size ORDER BY number`;
  }

  /** The content that the key `$1` holds becomes loose. */
  #replaced(): string {
    return `old AS (SELECT content FROM ${this.#keys} WHERE key = $1 AND content IS NOT NULL),
        loosened AS (INSERT INTO ${this.#loose} (content) SELECT content FROM old ON CONFLICT (content) DO NOTHING)`;
  }

  /** The loose content `$3` becomes the key's. */
  #held(onConflict: string): string {
    return `held AS (SELECT content FROM ${this.#loose} WHERE content = $3 FOR UPDATE),
        written AS (INSERT INTO ${this.#keys} (key, size, content, chunk_size)
          SELECT $1::text, $2::bigint, content, $4::int FROM held ${onConflict} RETURNING content),
        fixed AS (DELETE FROM ${this.#loose} AS loose USING written WHERE loose.content = written.content)`;
  }

  /** First waits for those who hold the rows; then, in a second statement, sees what they wrote. */
  #removeLoose(condition: string): readonly string[] {
    return [
      `SELECT content FROM ${this.#loose} WHERE ${condition} FOR UPDATE`,
      `WITH gone AS (DELETE FROM ${this.#loose} WHERE ${condition} RETURNING content)
        DELETE FROM ${this.#chunks} AS chunk USING gone WHERE chunk.content = gone.content`,
    ];
  }
}

const onConflictReplace = `ON CONFLICT (key) DO UPDATE SET size = excluded.size, body = excluded.body,
          content = excluded.content, chunk_size = excluded.chunk_size, modified = clock_timestamp()`;

/** Of one chunk what lies between `first` and `last`, as it is in the whole body. */
const slice = `substring(chunk.bytes
            FROM greatest(first - number * chunk_size::bigint, 0)::int + 1
            FOR (least(last, (number + 1) * chunk_size::bigint) - greatest(first, number * chunk_size::bigint))::int)`;
