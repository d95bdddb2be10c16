import { type BackendFactory, checkKey, TrunksError } from "@trunks/core";
import { RedisBackend } from "./backend.ts";
import { Connection } from "./connection.ts";

export const schemes: readonly string[] = ["redis", "rediss"];

const known: readonly string[] = ["password", "username"];

/**
 * Opens `redis://[user@]host[:port][/database][/path]`, or `rediss://…` by TLS. A number at the front of the path is the
 * database, 0 if there is none; what follows keeps several roots in one database apart.
 *
 * The password comes from the option `password`, or from `REDISCLI_AUTH` as for `redis-cli`; the user from the URL or the
 * option `username`. A URL ends up in git's configuration, so one with a password in it is refused: `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  const scheme = url.protocol.slice(0, -1);
  // Messages never repeat the whole URL: somebody may have put a password into it.
  if (!schemes.includes(scheme)) throw invalid(`${url.protocol} is not the scheme of a Redis server`);
  if (url.password) {
    throw invalid("a URL is no place for a password", "set REDISCLI_AUTH, or the storage's option --password");
  }
  if (url.search || url.hash) throw invalid("the URL of a Redis server has no part behind ? or #");
  if (url.hostname === "") throw invalid("the URL names no server", `as in ${scheme}://host/my-app`);
  const unknown = Object.keys(options).find((name) => options[name] && !known.includes(name));
  if (unknown !== undefined) throw invalid(`unknown option: ${unknown}`, `known are ${known.join(" and ")}`);

  const [, database = "0", path = ""] = /^\/?(\d+)?\/?(.*?)\/?$/.exec(url.pathname) ?? [];
  if (path !== "") checkPath(path);
  const connection = new Connection({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    database: Number(database),
    tls: scheme === "rediss",
    username: options.username || decodeURIComponent(url.username) || undefined,
    password: options.password || process.env.REDISCLI_AUTH || undefined,
  });
  return new RedisBackend(connection, path);
};

function checkPath(path: string): void {
  try {
    checkKey(path);
  } catch (cause) {
    throw new TrunksError("CONFIG_INVALID", `${JSON.stringify(path)} cannot be the path of a root`, { cause });
  }
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
