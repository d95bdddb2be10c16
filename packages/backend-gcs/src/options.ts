import { TrunksError } from "@trunks/core";

/** Where a store is and how it is spoken to. */
export interface GcsOptions {
  readonly bucket: string;
  /** The folder in the bucket below which all keys lie: `team/code`. Default: the bucket's root. */
  readonly path?: string;
  /** `https://host` or, for an emulator, `http://127.0.0.1:4443`. Default `https://storage.googleapis.com`. */
  readonly endpoint?: string;
  /** A file with the key of a service account, or with a workload's or a user's credentials. */
  readonly keyFile?: string;
  /** An OAuth 2.0 access token, or a function that answers one: it is asked for each request, and keeps what it has. */
  readonly accessToken?: string | (() => Promise<string>);
  /** How long to wait for a connection, TLS included, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A request on which so long no byte moves in either direction is given up, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /** Bodies above this many bytes are written as an upload that can be resumed. From 256 KiB. Default 16 MiB. */
  readonly singleRequestBytes?: number;
  /** The most connections at once. Default 64. */
  readonly maxConnections?: number;
}

/** `GcsOptions` with nothing left open. */
export interface ResolvedOptions {
  readonly bucket: string;
  /** Empty, or ending in `/`. */
  readonly keyPrefix: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly keyFile: string | undefined;
  readonly accessToken: GcsOptions["accessToken"];
  /** Whether the application default credentials may be shown to this endpoint: it is Google's. */
  readonly isGoogle: boolean;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly singleRequestBytes: number;
  readonly maxConnections: number;
  /** The bucket and where it is, for messages: `bucket "code" at storage.googleapis.com`. */
  readonly place: string;
}

/** Google's own limit of an object: 5 TiB. */
export const maxBodyBytes = 5 * 2 ** 40;
/** Google takes the parts of an upload in multiples of this. */
export const uploadUnitBytes = 256 * 2 ** 10;

export const credentialsHint =
  "log in with `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or use `trunks storage add`";

/** Fills in what is not given. Throws `CONFIG_INVALID` for what cannot be. */
export function resolveOptions(options: GcsOptions): ResolvedOptions {
  const endpoint = checkEndpoint(options.endpoint ?? "https://storage.googleapis.com");
  const { keyFile, accessToken } = options;
  if (keyFile !== undefined && accessToken !== undefined) throw invalid("keyFile and accessToken exclude each other");
  const isPlain = endpoint.protocol === "http:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(endpoint.hostname);
  if (isPlain && (keyFile ?? accessToken) !== undefined) {
    throw invalid("credentials do not travel over plain http", "write the endpoint as https://host");
  }
  return {
    bucket: checkBucket(options.bucket),
    keyPrefix: keyPrefix(options.path ?? ""),
    endpoint: endpoint.href.replace(/\/+$/, ""),
    keyFile,
    accessToken,
    isGoogle: endpoint.protocol === "https:" && /(^|\.)googleapis\.com$/.test(endpoint.hostname),
    connectTimeoutMs: checkNumber(options, "connectTimeoutMs", 10_000, 1),
    requestTimeoutMs: checkNumber(options, "requestTimeoutMs", 60_000, 1),
    singleRequestBytes: checkNumber(options, "singleRequestBytes", 16 * 2 ** 20, uploadUnitBytes, 64 * 2 ** 20),
    maxConnections: checkNumber(options, "maxConnections", 64, 1),
    place: `bucket ${JSON.stringify(options.bucket)} at ${endpoint.host}`,
  };
}

function checkEndpoint(endpoint: string): URL {
  if (!URL.canParse(endpoint)) throw invalid("the endpoint is not a URL", "write it as https://host");
  const url = new URL(endpoint);
  if (!/^https?:$/.test(url.protocol)) throw invalid("the endpoint is not a web address", "write it as https://host");
  if (url.username || url.password) throw invalid("the endpoint has credentials in it", credentialsHint);
  if (url.search || url.hash) throw invalid("the endpoint has more than an address in it", "write it as https://host");
  return url;
}

function checkBucket(bucket: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) throw invalid(`not a bucket: ${JSON.stringify(bucket)}`);
  return bucket;
}

function keyPrefix(path: string): string {
  const bare = path.replace(/^\/|\/$/g, "");
  if (bare === "") return "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (bare.split("/").some((segment) => /^\.{0,2}$|[\u0000-\u001f\u007f\\]/.test(segment)) || bare.length > 400) {
    throw invalid(`not a path in a bucket: ${JSON.stringify(path)}`);
  }
  return `${bare}/`;
}

type NumberOption = "connectTimeoutMs" | "requestTimeoutMs" | "singleRequestBytes" | "maxConnections";

function checkNumber(
  options: GcsOptions,
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
