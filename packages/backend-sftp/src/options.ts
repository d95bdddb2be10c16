import { TrunksError } from "@trunks/core";

/** A host that is logged in to: the server itself, or one on the way. */
export interface SshHost {
  /** A name or an address. */
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  readonly user: string;
  /** The name under which the host's key is known. Default: `host`, or `[host]:port` where the port is not 22. */
  readonly hostKeyAlias?: string;
  /** Files of the keys of hosts. A host that none of them knows is not spoken to. Default: none. */
  readonly knownHostsFiles?: readonly string[];
  /** Files of this user's own keys. Those that do not exist are passed over. Default: none. */
  readonly identityFiles?: readonly string[];
  /** The socket of an agent that holds keys. Default: none. */
  readonly agent?: string;
  /** Of the agent's keys only those that `identityFiles` names are offered. Default false. */
  readonly identitiesOnly?: boolean;
}

/** Where a folder is and how it is reached. */
export interface SftpOptions extends SshHost {
  /** The folder that holds everything: absolute, or relative to the user's home. It must exist. Default: the home. */
  readonly path?: string;
  /** For servers that ask for one. */
  readonly password?: string;
  /** Of keys in `identityFiles` that are encrypted. */
  readonly passphrase?: string;
  /** Hosts to go through, the first one first. */
  readonly jumps?: readonly SshHost[];
  /** How long to wait for each host, log-in included, in milliseconds. Default 20,000. */
  readonly connectTimeoutMs?: number;
  /** A connection on which a request waits and so long no byte arrives is given up, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
}

/** `SshHost` with nothing left open. */
export interface ResolvedHost {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** As it stands in files of known hosts. */
  readonly keyName: string;
  readonly knownHostsFiles: readonly string[];
  readonly identityFiles: readonly string[];
  readonly agent: string | undefined;
  readonly identitiesOnly: boolean;
}

/** `SftpOptions` with nothing left open. */
export interface ResolvedOptions {
  /** The hosts that are logged in to, one through the other. The last is the server. */
  readonly route: readonly ResolvedHost[];
  /** Without a slash at its end, but for `/` itself. Empty: the user's home. */
  readonly root: string;
  readonly password: string | undefined;
  readonly passphrase: string | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** The server, for messages: `me@files.example:22`. */
  readonly place: string;
}

/** Fills in what is not given. Throws `CONFIG_INVALID` for what cannot be. */
export function resolveOptions(options: SftpOptions): ResolvedOptions {
  const server = resolveHost(options);
  const path = options.path ?? "";
  if (path.includes("\0") || path.split("/").includes("..")) throw invalid(`not a folder: ${JSON.stringify(path)}`);
  return {
    route: [...(options.jumps ?? []).map(resolveHost), server],
    root: path.replace(/(?<=.)\/+$/, ""),
    password: options.password,
    passphrase: options.passphrase,
    connectTimeoutMs: checkNumber("connectTimeoutMs", options.connectTimeoutMs ?? 20_000),
    requestTimeoutMs: checkNumber("requestTimeoutMs", options.requestTimeoutMs ?? 60_000),
    place: placeOf(server),
  };
}

/** A host for messages. */
export function placeOf({ host, port, user }: { host: string; port: number; user: string }): string {
  return `${user}@${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function resolveHost(host: SshHost): ResolvedHost {
  const port = checkNumber("port", host.port ?? 22, 65_535);
  // What begins with a dash could be taken for an option by whoever copies a hint from a message.
  if (!/^[^-\s\0][^\s\0]*$/.test(host.host)) throw invalid(`not a host: ${JSON.stringify(host.host)}`);
  if (host.user === "" || host.user.includes("\0")) throw invalid("the user has no name");
  return {
    host: host.host,
    port,
    user: host.user,
    keyName: (host.hostKeyAlias ?? (port === 22 ? host.host : `[${host.host}]:${port}`)).toLowerCase(),
    knownHostsFiles: host.knownHostsFiles ?? [],
    identityFiles: host.identityFiles ?? [],
    agent: host.agent,
    identitiesOnly: host.identitiesOnly ?? false,
  };
}

function checkNumber(what: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return value;
  throw invalid(`${what} cannot be ${value}`);
}

export function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
