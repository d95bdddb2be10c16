import { TrunksError } from "@trunks/core";

/** As psql spells them. `allow` is taken for `prefer`: TLS where the server speaks it. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

export const sslModes: readonly SslMode[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** Where a database is and how it is spoken to. */
export interface PostgresOptions {
  readonly database: string;
  /** A host's name or address, or the folder of a Unix socket, which begins with a slash. Default `localhost`. */
  readonly host?: string;
  /** Default 5432. */
  readonly port?: number;
  /** The role. Default: the name of who runs this program. */
  readonly user?: string;
  /** The password, or a function that is asked for it at each connection. */
  readonly password?: string | (() => Promise<string | undefined>);
  /** Put before all keys, as a folder: `team/code`. Default: none. */
  readonly path?: string;
  /** The schema of the tables, which must exist. Default `public`. */
  readonly schema?: string;
  /** The table of the keys; `<table>_chunks` and `<table>_loose` stand beside it. Default `trunks`. */
  readonly table?: string;
  /** Whether and how TLS is used, as in psql. Of no effect on a Unix socket. Default `prefer`. */
  readonly sslMode?: SslMode;
  /** A file with the certificates of the authorities that count, or `system`. Default: those that Node knows. */
  readonly sslRootCert?: string;
  /** Files with this client's certificate and its key. */
  readonly sslCert?: string;
  readonly sslKey?: string;
  /** How long to wait for a connection, log-in included, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A statement during which so long no byte moves in either direction is given up, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /** The most connections at once. Default 8. */
  readonly maxConnections?: number;
}

/** `PostgresOptions` with nothing left open. */
export interface ResolvedOptions {
  readonly database: string;
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: PostgresOptions["password"];
  /** Empty, or ending in `/`. */
  readonly keyPrefix: string;
  readonly schema: string;
  readonly table: string;
  readonly sslMode: SslMode;
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  /** The database and where it is, for messages: `database "code" at 127.0.0.1:5432`. */
  readonly place: string;
}

/** Fills in what is not given. Throws `CONFIG_INVALID` for what cannot be. */
export function resolveOptions(options: PostgresOptions): ResolvedOptions {
  const { host = "localhost", sslMode = "prefer", sslRootCert, sslCert, sslKey } = options;
  const port = checkNumber("port", options.port ?? 5432, 65_535);
  if (options.database === "" || options.database.includes("\0")) throw invalid("the database has no name");
  if (!sslModes.includes(sslMode)) throw invalid(`sslmode is one of ${sslModes.join(", ")}`);
  if ((sslCert === undefined) !== (sslKey === undefined)) throw invalid("sslcert and sslkey belong together");
  if (sslRootCert === "system" && sslMode !== "verify-full") {
    throw invalid("sslrootcert=system trusts any public certificate", "add sslmode=verify-full, as psql asks too");
  }
  return {
    database: options.database,
    host,
    port,
    user: options.user,
    password: options.password,
    keyPrefix: keyPrefix(options.path ?? ""),
    schema: checkName("schema", options.schema ?? "public"),
    table: checkName("table", options.table ?? "trunks"),
    sslMode,
    sslRootCert,
    sslCert,
    sslKey,
    connectTimeoutMs: checkNumber("connectTimeoutMs", options.connectTimeoutMs ?? 10_000),
    requestTimeoutMs: checkNumber("requestTimeoutMs", options.requestTimeoutMs ?? 60_000),
    maxConnections: checkNumber("maxConnections", options.maxConnections ?? 8),
    place: `database ${JSON.stringify(options.database)} at ${host}:${port}`,
  };
}

/** Names that need no care in any statement, and leave room for what is put behind them: Postgres cuts at 63 bytes. */
function checkName(what: string, name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,49}$/.test(name)) return name;
  throw invalid(`not the name of a ${what}: ${JSON.stringify(name)}`, "use letters, digits and _, at most 50");
}

function keyPrefix(path: string): string {
  const bare = path.replace(/^\/|\/$/g, "");
  if (bare === "") return "";
  const segments = bare.split("/");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (segments.some((segment) => /^\.{0,2}$|[\u0000-\u001f\u007f]/.test(segment)) || bare.length > 400) {
    throw invalid(`not a path for keys: ${JSON.stringify(path)}`);
  }
  return `${bare}/`;
}

function checkNumber(name: string, value: number, most = 2 ** 31 - 1): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`${name} must be a whole number from 1 to ${most}, not ${value}`);
}

export function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
