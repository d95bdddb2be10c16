import type { Backend, BackendFactory } from "@trunks/core";
import type { SftpOptions } from "./options.ts";
import { parseUrl } from "./url.ts";

export type { SftpOptions, SshHost } from "./options.ts";

export const schemes: readonly string[] = ["sftp"];

/**
 * Opens `sftp://user@host:port/path?…`, with options spelled as in ssh's configuration in the query or beside the URL;
 * `password` and `passphrase` are options only. What neither says comes from where ssh looks: `~/.ssh/config`,
 * `/etc/ssh/ssh_config`, the agent at `SSH_AUTH_SOCK`, the usual key files and `known_hosts`. Throws `CONFIG_INVALID`.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  return await openSftp(await parseUrl(url, options, process.env));
};

/** The same with typed options. Reads no environment. Throws `CONFIG_INVALID` for options that cannot be. */
export async function openSftp(options: SftpOptions): Promise<Backend> {
  // The client library is most of what there is to load, and not needed to know the schemes.
  const { SftpBackend } = await import("./backend.ts");
  return new SftpBackend(options);
}
