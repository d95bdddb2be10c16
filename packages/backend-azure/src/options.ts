import { TrunksError } from "@trunks/core";

/** An OAuth 2.0 access token, and when it ends. */
export interface AzureToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Where a store is and how it is spoken to. */
export interface AzureOptions {
  readonly account: string;
  readonly container: string;
  /** The folder in the container below which all keys lie: `team/code`. Default: the container's root. */
  readonly path?: string;
  /**
   * `https://account.blob.core.windows.net`, or for an emulator `http://127.0.0.1:10000/account`. Default: the account's in
   * Azure's public cloud.
   */
  readonly endpoint?: string;
  /** One of the account's two keys, in base64. */
  readonly accountKey?: string;
  /** A shared access signature: the query of a URL, with `sig=` in it. */
  readonly sasToken?: string;
  /**
   * Answers a token for the scope `https://storage.azure.com/.default`; asked again before it ends. Default, without a key
   * and a signature: the chain of `@azure/identity` (environment, workload and managed identities, `az login` and more).
   */
  readonly token?: () => Promise<AzureToken>;
  /** How long to wait for a connection, TLS included, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A request on which so long no byte moves in either direction is given up, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /**
   * Bodies above twice this size are written in blocks of it, in bytes; it grows, up to 64 MiB, where 50,000 blocks would
   * not suffice. From 64 KiB. Default 8 MiB.
   */
  readonly partSizeBytes?: number;
  /** How many blocks travel at once, as far as 64 MiB of memory hold them. Default 4. */
  readonly uploadConcurrency?: number;
  /** The most connections at once. Default 64. */
  readonly maxConnections?: number;
}

/** `AzureOptions` with nothing left open. */
export interface ResolvedOptions {
  readonly account: string;
  readonly container: string;
  /** Empty, or ending in `/`. */
  readonly keyPrefix: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Whether tokens of the default chain may be shown to this endpoint: it is Azure's. */
  readonly isAzure: boolean;
  readonly accountKey: string | undefined;
  /** Without a question mark. */
  readonly sasToken: string | undefined;
  readonly token: AzureOptions["token"];
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly partSizeBytes: number;
  readonly uploadConcurrency: number;
  readonly maxConnections: number;
  /** The container and where it is, for messages: `container "code" at account.blob.core.windows.net`. */
  readonly place: string;
}

const kibibyte = 2 ** 10;
/** So much of bodies is in memory at once, at most. */
export const maxPartMemoryBytes = 64 * 2 ** 20;

export const credentialsHint =
  "log in with `az login`, set AZURE_STORAGE_KEY or AZURE_STORAGE_CONNECTION_STRING, or use `trunks storage add`";

/** Fills in what is not given. Throws `CONFIG_INVALID` for what cannot be. */
export function resolveOptions(options: AzureOptions): ResolvedOptions {
  if (!/^[a-z0-9]{3,24}$/.test(options.account)) throw invalid(`not an account: ${JSON.stringify(options.account)}`);
  const endpoint = checkEndpoint(options.endpoint ?? `https://${options.account}.blob.core.windows.net`);
  const { accountKey, token } = options;
  const sasToken = options.sasToken?.replace(/^\?/, "");
  if ([accountKey, sasToken, token].filter((given) => given !== undefined).length > 1) {
    throw invalid("a key, a signature and a token exclude each other");
  }
  if (accountKey !== undefined && !/^[A-Za-z0-9+/]{8,}={0,2}$/.test(accountKey))
    throw invalid("the account's key is no base64");
  if (sasToken !== undefined && !/(^|&)sig=[^&]/.test(sasToken))
    throw invalid("the shared access signature has no sig=");
  const isPlain = endpoint.protocol === "http:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(endpoint.hostname);
  if (isPlain && (sasToken !== undefined || token !== undefined)) {
    throw invalid("signatures and tokens do not travel over plain http", "write the endpoint as https://host");
  }
  return {
    account: options.account,
    container: checkContainer(options.container),
    keyPrefix: keyPrefix(options.path ?? ""),
    endpoint: endpoint.href.replace(/\/+$/, ""),
    isAzure: endpoint.protocol === "https:" && azureHosts.test(endpoint.hostname),
    accountKey,
    sasToken,
    token,
    connectTimeoutMs: checkNumber(options, "connectTimeoutMs", 10_000, 1),
    requestTimeoutMs: checkNumber(options, "requestTimeoutMs", 60_000, 1),
    partSizeBytes: checkNumber(options, "partSizeBytes", 8192 * kibibyte, 64 * kibibyte, maxPartMemoryBytes),
    uploadConcurrency: checkNumber(options, "uploadConcurrency", 4, 1, 64),
    maxConnections: checkNumber(options, "maxConnections", 64, 1),
    place: `container ${JSON.stringify(options.container)} at ${endpoint.host}`,
  };
}

/** The public cloud, its DNS zones, and the clouds of governments and of China. */
const azureHosts =
  /\.blob\.(core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|storage\.azure\.net)$|\.z\d+\.blob\.storage\.azure\.net$/;

function checkEndpoint(endpoint: string): URL {
  if (!URL.canParse(endpoint)) throw invalid("the endpoint is not a URL", "write it as https://host");
  const url = new URL(endpoint);
  if (!/^https?:$/.test(url.protocol)) throw invalid("the endpoint is not a web address", "write it as https://host");
  if (url.username || url.password) throw invalid("the endpoint has credentials in it", credentialsHint);
  if (url.search || url.hash) throw invalid("the endpoint has more than an address in it", "write it as https://host");
  return url;
}

function checkContainer(container: string): string {
  if (/^(\$root|[a-z0-9](-?[a-z0-9]){2,62})$/.test(container)) return container;
  throw invalid(`not a container: ${JSON.stringify(container)}`, "write azure://account/container/path");
}

function keyPrefix(path: string): string {
  const bare = path.replace(/^\/|\/$/g, "");
  if (bare === "") return "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (bare.split("/").some((segment) => /^\.{0,2}$|\.$|[\u0000-\u001f\u007f\\]/.test(segment)) || bare.length > 400) {
    throw invalid(`not a path in a container: ${JSON.stringify(path)}`);
  }
  return `${bare}/`;
}

type NumberOption = "connectTimeoutMs" | "requestTimeoutMs" | "partSizeBytes" | "uploadConcurrency" | "maxConnections";

function checkNumber(
  options: AzureOptions,
  name: NumberOption,
  fallback: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = options[name] ?? fallback;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
