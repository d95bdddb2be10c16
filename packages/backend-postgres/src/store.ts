import { abortedError, closedError, isTrunksError, TrunksError } from "@trunks/core";
import { type Answer, Connection, type Statement } from "./connection.ts";
import type { BinaryRow } from "./copy-out.ts";
import { type Attempt, failure, stateOf } from "./failure.ts";
import type { ResolvedOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { Refusal } from "./refusal.ts";
import { Statements } from "./statements.ts";

/** The database, with one kind of error, and with tables that come into being when they are needed. */
export class PostgresStore {
  readonly options: ResolvedOptions;
  readonly statements: Statements;
  readonly #pool: Pool;
  /** Kept from sight: see `shown` in the tests. */
  #password: string | undefined;
  #tables: Promise<void> | undefined;
  readonly #errands = new Set<Promise<void>>();
  #hasWrittenLarge = false;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.statements = new Statements(options.schema, options.table);
    this.#pool = new Pool(options.maxConnections);
  }

  /** Runs one statement, once. */
  async run(statement: Statement, attempt: Attempt): Promise<Answer> {
    return await this.#withConnection(attempt, (connection) => connection.run(statement, attempt.signal));
  }

  /** Runs statements without values in one transaction of their own. */
  async runTogether(texts: readonly string[], attempt: Attempt): Promise<void> {
    await this.#withConnection(attempt, (connection) => connection.runTogether(texts, attempt.signal));
  }

  /** Runs a statement that writes; where the tables are absent they are created, and it is run again. */
  async write(statement: Statement, attempt: Attempt): Promise<Answer> {
    try {
      return await this.run(statement, attempt);
    } catch (error) {
      if (!isAbsentTable(error)) throw error;
    }
    this.#tables ??= this.#createTables(attempt).finally(() => {
      this.#tables = undefined;
    });
    await this.#tables;
    return await this.run(statement, attempt);
  }

  /** Runs a statement that looks; absent tables are as good as empty ones, in a schema that is there. */
  async read(statement: Statement, attempt: Attempt): Promise<Answer> {
    return (await this.#unlessAbsent(this.run(statement, attempt), attempt)) ?? { rows: [], rowCount: 0 };
  }

  /** The same for one that answers bytes. */
  async copy(select: string, attempt: Attempt): Promise<readonly BinaryRow[]> {
    const copying = this.#withConnection(attempt, (connection) => connection.copy(select, attempt.signal));
    return (await this.#unlessAbsent(copying, attempt)) ?? [];
  }

  async #unlessAbsent<Found>(reading: Promise<Found>, attempt: Attempt): Promise<Found | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (!isAbsentTable(error)) throw error;
    }
    const { rows } = await this.run(this.statements.schemaExists(), { ...attempt, loss: "harmless" });
    if (rows[0]?.found !== true) throw this.#noSchema(attempt);
    return undefined;
  }

  /** Does something that nobody waits for, and whose failure hurts nobody. `close` waits for it. */
  runErrand(errand: () => Promise<void>): void {
    const running = errand()
      .catch(() => {})
      .finally(() => this.#errands.delete(running));
    this.#errands.add(running);
  }

  /** True once: for what is worth doing now and then, by those who write large bodies. */
  isFirstLargeWrite(): boolean {
    const isFirst = !this.#hasWrittenLarge;
    this.#hasWrittenLarge = true;
    return isFirst;
  }

  async close(): Promise<void> {
    await Promise.all(this.#errands);
    await this.#pool.close(closedError());
  }

  async #withConnection<Result>(attempt: Attempt, use: (connection: Connection) => Promise<Result>): Promise<Result> {
    const { signal } = attempt;
    const connection = await this.#pool.take(() => this.#open(attempt), signal, attempt.bulk);
    try {
      if (signal?.aborted) throw abortedError(signal);
      return await use(connection);
    } catch (error) {
      if (isTrunksError(error)) throw error;
      const state = stateOf(error);
      // So the library says that it did not even begin, on a connection that ended while nobody looked.
      const sent = !/not queryable/.test((error as Error).message);
      // After a refusal of the statement alone the connection is as good as before.
      if (state === undefined || /^(08|57P|XX)/.test(state)) connection.destroy("failed");
      throw failure(error, attempt, this.#circumstances(sent));
    } finally {
      this.#pool.release(connection);
    }
  }

  async #open(attempt: Attempt): Promise<Connection> {
    const { password } = this.options;
    try {
      this.#password = typeof password === "function" ? await password() : password;
      return await Connection.open(this.options, this.#password, attempt.signal);
    } catch (error) {
      if (isTrunksError(error)) throw error;
      throw failure(error, attempt, this.#circumstances(false));
    }
  }

  async #createTables(attempt: Attempt): Promise<void> {
    const { schema, table } = this.options;
    try {
      await this.runTogether(this.statements.createTables(), { ...attempt, loss: "harmless", signal: undefined });
    } catch (error) {
      if (!isTrunksError(error, "PERMISSION_DENIED")) throw error;
      throw new TrunksError("PERMISSION_DENIED", `${error.message}; the table ${schema}.${table} is absent`, {
        cause: error.cause,
        hint: "let a role that may create tables in the schema write first, or grant CREATE on it",
      });
    }
  }

  #noSchema({ operation }: Attempt): TrunksError {
    const { schema, place } = this.options;
    return new TrunksError("NOT_FOUND", `${operation}: ${place} has no schema ${schema}`, {
      hint: "create the schema, or choose another with ?schema=",
    });
  }

  #circumstances(sent: boolean) {
    return { place: this.options.place, sent, secret: this.#password };
  }
}

function isAbsentTable(error: unknown): boolean {
  return isTrunksError(error) && error.cause instanceof Refusal && error.cause.state === "42P01";
}
