import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { TrunksError } from "@trunks/core";
import type { ResolvedOptions } from "./options.ts";

/** One way to connect: without TLS, or with these options of it. */
export type TlsChoice = false | ConnectionOptions;

/**
 * The ways to connect that the mode allows, in the order in which they are tried: the next one only where the server says
 * that it does not speak TLS. As in libpq, a certificate counts from `verify-ca` on, and with `require` where
 * `sslrootcert` is given; its name counts with `verify-full`. Throws `CONFIG_INVALID` for a file that cannot be read.
 */
export async function tlsChoices(options: ResolvedOptions): Promise<readonly TlsChoice[]> {
  const { sslMode, sslRootCert, sslCert, sslKey } = options;
  if (options.host.startsWith("/") || sslMode === "disable") return [false];
  const authorities = sslRootCert === undefined || sslRootCert === "system" ? undefined : await readPem(sslRootCert);
  const rejectUnauthorized =
    sslMode === "verify-full" || sslMode === "verify-ca" || (sslMode === "require" && authorities !== undefined);
  const secure: ConnectionOptions = {
    rejectUnauthorized,
    ca: authorities,
    cert: sslCert && (await readPem(sslCert)),
    key: sslKey && (await readPem(sslKey)),
    ...(sslMode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
  return sslMode === "prefer" || sslMode === "allow" ? [secure, false] : [secure];
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `a file for TLS cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
