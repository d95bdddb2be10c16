import { userInfo } from "node:os";
import type { BackendOptions } from "@trunks/core";
import { invalid, type PostgresOptions, type SslMode, sslModes } from "./options.ts";
import { passwordFromFile } from "./password-file.ts";

/** What may stand in a URL's query, spelled as libpq does where it knows it. */
const queryNames = [
  "host",
  "port",
  "schema",
  "table",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "connect_timeout",
];
const optionNames = [...queryNames, "user", "password"];

const passwordHint =
  "set PGPASSWORD, write it into ~/.pgpass, or keep it with `trunks storage add`; a URL ends up in git's configuration";

type Given = Readonly<Partial<Record<string, string>>>;

/**
 * Reads `postgres://user@host:port/database/path?…`, options of the query's names that win over the URL's, and libpq's
 * variables for what neither says. Only options and the environment carry a password. Throws `CONFIG_INVALID` for
 * anything that it does not know.
 */
export function parseUrl(url: URL, options: BackendOptions, environment: NodeJS.ProcessEnv): PostgresOptions {
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw invalid(`${url.protocol}// is not Postgres`);
  if (url.password !== "") throw invalid("a URL is no place for a password", passwordHint);
  const given: Given = { ...queryOptions(url), ...knownOptions(options) };
  const [database, ...path] = url.pathname
    .replace(/^\/|\/$/g, "")
    .split("/")
    .map(decode);
  if (!database) throw invalid("the URL names no database", "write postgres://user@host/database");
  const value = (name: string, variable: string) => given[name] ?? (environment[variable] || undefined);
  const host = given.host ?? (decode(url.hostname.replace(/^\[|\]$/g, "")) || environment.PGHOST || undefined);
  const port = readNumber("port", given.port ?? (url.port || environment.PGPORT || undefined));
  const user = given.user ?? (decode(url.username) || environment.PGUSER || userInfo().username);
  const seconds = readNumber("connect_timeout", value("connect_timeout", "PGCONNECT_TIMEOUT"));
  const place = { host: host ?? "localhost", port: port ?? 5432, database, user };
  return {
    database,
    path: path.join("/"),
    host,
    port,
    user,
    password: value("password", "PGPASSWORD") ?? (() => passwordFromFile(place, environment)),
    schema: given.schema,
    table: given.table,
    sslMode: readMode(value("sslmode", "PGSSLMODE")),
    sslRootCert: value("sslrootcert", "PGSSLROOTCERT"),
    sslCert: value("sslcert", "PGSSLCERT"),
    sslKey: value("sslkey", "PGSSLKEY"),
    connectTimeoutMs: seconds === undefined || seconds === 0 ? undefined : seconds * 1000,
  };
}

function queryOptions(url: URL): Given {
  const given: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (/passw/i.test(name)) throw invalid("a URL is no place for a password", passwordHint);
    if (!queryNames.includes(name)) throw invalid(`unknown option in the URL: ${name}`, known(queryNames));
    if (value !== "") given[name] = value;
  }
  return given;
}

function knownOptions(options: BackendOptions): Given {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(entries.map(([name, value]) => [optionName(name), value]));
}

/** As libpq spells it, or as an option of another kind of store would be: `connectTimeout`, `sslMode`. */
function optionName(name: string): string {
  const letters = (text: string) => text.replaceAll("_", "").toLowerCase();
  const found = optionNames.find((candidate) => letters(candidate) === letters(name));
  if (found === undefined) throw invalid(`unknown option: ${name}`, known(optionNames));
  return found;
}

function readMode(text: string | undefined): SslMode | undefined {
  const mode = sslModes.find((name) => name === text);
  if (text === undefined || mode !== undefined) return mode;
  throw invalid(`not an sslmode: ${JSON.stringify(text)}`, known(sslModes));
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(`${name} is a whole number, not ${JSON.stringify(text)}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("the URL has a percent sign that encodes nothing", "write it as %25");
  }
}

function known(names: readonly string[]): string {
  return `known are ${names.join(", ")}`;
}
