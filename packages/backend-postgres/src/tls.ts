import { readFile } from "node:fs/promises";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { TrunksError } from "@trunks/core";
import type { ResolvedOptions } from "./options.ts";

/** One way to connect: without TLS, or with these options of it. */
export type TlsChoice = false | ConnectionOptions;

/**
 * The ways to connect that the mode allows, in the order in which they are tried: the next one only where the server says
 * that it does not speak TLS. As in libpq, a certificate counts from `verify-ca` on, and with `require` where
 * `sslrootcert` is given; its name counts with `verify-full`. Throws `CONFIG_INVALID` for files that cannot be read or do not
 * belong together.
 */
export async function tlsChoices(options: ResolvedOptions): Promise<readonly TlsChoice[]> {
  const { sslMode, sslRootCert, sslCert, sslKey } = options;
  if (options.host.startsWith("/") || sslMode === "disable") return [false];
  const authorities = sslRootCert === undefined || sslRootCert === "system" ? undefined : await readPem(sslRootCert);
  const rejectUnauthorized =
    sslMode === "verify-full" || sslMode === "verify-ca" || (sslMode === "require" && authorities !== undefined);
  const own = { cert: sslCert && (await readPem(sslCert)), key: sslKey && (await readPem(sslKey)) };
  checkPems({ ca: authorities, ...own });
  const secure: ConnectionOptions = {
    rejectUnauthorized,
    ca: authorities,
    ...own,
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

/** Said before anything is sent: a connection would fail with the same words, as if the network were at fault. */
function checkPems(files: Parameters<typeof createSecureContext>[0]): void {
  try {
    createSecureContext(files);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", `the files for TLS cannot be used: ${(error as Error).message}`, {
      cause: error,
      hint: "check sslrootcert, and that sslkey is the key of sslcert, without a passphrase",
    });
  }
}
