import type { Backend, BackendFactory } from "@trunks/core";
import type { PostgresOptions } from "./options.ts";
import { parseUrl } from "./url.ts";

export type { PostgresOptions, SslMode } from "./options.ts";

export const schemes: readonly string[] = ["postgres", "postgresql"];

/**
 * Opens `postgres://user@host:port/database/path?sslmode=…&sslrootcert=…&schema=…&table=…&host=/folder/of/a/socket`. Options
 * of the same names win over the URL's; `password` is an option only. What neither says comes from libpq's variables
 * (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGSSLMODE` and so on). Throws `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  return await openPostgres(parseUrl(url, options, process.env));
};

/** The same with typed options. Reads no environment. Throws `CONFIG_INVALID` for options that cannot be. */
export async function openPostgres(options: PostgresOptions): Promise<Backend> {
  // The client library is most of what there is to load, and not needed to know the schemes.
  const { PostgresBackend } = await import("./backend.ts");
  return new PostgresBackend(options);
}
