import { TrunksError } from "@trunks/core";
import { type Preset, presets, type S3Scheme } from "./preset.ts";

/** Who asks. Temporary credentials have a session token too, and an end after which they are asked for again. */
export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly expiresAt?: Date;
}

/** Where a store is and how it is spoken to. */
export interface S3Options {
  readonly bucket: string;
  /** The folder in the bucket below which all keys lie: `team/code`. Default: the bucket's root. */
  readonly path?: string;
  /** Whose S3: sets endpoint, region, path style and headers that are not given here. Default `s3`, Amazon's. */
  readonly scheme?: S3Scheme;
  /** `https://host` or `http://127.0.0.1:9000`. Default: the scheme's. */
  readonly endpoint?: string;
  /** Default: the scheme's; for Amazon `AWS_REGION` or the profile's, and with an endpoint given `us-east-1`. */
  readonly region?: string;
  /** The account whose endpoint it is, where the scheme's has it in its name (R2). */
  readonly account?: string;
  /** Whether the bucket's name stands in the path of a URL. Default: true with an endpoint given, else the scheme's. */
  readonly pathStyle?: boolean;
  /** The profile in the AWS configuration files whose credentials and region are used. */
  readonly profile?: string;
  /**
   * Credentials, or a function that answers them: it is asked again when they expire, and once when the store refuses
   * them. Default: the environment's, or those of the AWS SDK's chain (profiles, SSO, web identity, instance and container roles).
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
  /** How long to wait for a connection, TLS included, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A request on which so long no byte moves in either direction is given up, in milliseconds. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /**
   * Bodies above twice this size are written in parts of it, in bytes; it grows, up to 64 MiB, where 10,000 parts would
   * not suffice. From 5 MiB, the least that stores take. Default 8 MiB.
   */
  readonly partSizeBytes?: number;
  /** How many parts travel at once, as far as 64 MiB of memory hold them. Default 4. */
  readonly uploadConcurrency?: number;
  /** The most connections at once. Default 64. */
  readonly maxConnections?: number;
}

/** `S3Options` with nothing left open. */
export interface ResolvedOptions {
  readonly bucket: string;
  /** Empty, or ending in `/`. */
  readonly keyPrefix: string;
  /** Undefined: Amazon's. */
  readonly endpoint: string | undefined;
  /** Undefined: the machine is asked for it. */
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly profile: string | undefined;
  readonly credentials: S3Options["credentials"];
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly partSizeBytes: number;
  readonly uploadConcurrency: number;
  readonly maxConnections: number;
  /** The bucket and where it is, for messages: `bucket "code" at 127.0.0.1:9000`. */
  readonly place: string;
}

const mebibyte = 2 ** 20;
/** S3's own least size of a part that is not the last. */
const minPartSizeBytes = 5 * mebibyte;
/** So much of bodies is in memory at once, at most. */
export const maxPartMemoryBytes = 64 * mebibyte;

/** Fills in what is not given. Throws `CONFIG_INVALID` for what cannot be. */
export function resolveOptions(options: S3Options): ResolvedOptions {
  const preset: Preset = presets[options.scheme ?? "s3"];
  const region = options.region ?? preset.region ?? (options.endpoint === undefined ? undefined : "us-east-1");
  const endpoint = checkEndpoint(options.endpoint ?? presetEndpoint(preset, options, region), preset);
  const host = endpoint === undefined ? "Amazon S3" : new URL(endpoint).host;
  return {
    bucket: checkBucket(options.bucket),
    keyPrefix: keyPrefix(options.path ?? ""),
    endpoint,
    region,
    pathStyle: options.pathStyle ?? (options.endpoint === undefined ? preset.pathStyle : true),
    headers: preset.headers ?? {},
    profile: options.profile,
    credentials: options.credentials,
    connectTimeoutMs: checkNumber(options, "connectTimeoutMs", 10_000, 1),
    requestTimeoutMs: checkNumber(options, "requestTimeoutMs", 60_000, 1),
    partSizeBytes: checkNumber(options, "partSizeBytes", 8 * mebibyte, minPartSizeBytes, maxPartMemoryBytes),
    uploadConcurrency: checkNumber(options, "uploadConcurrency", 4, 1, 64),
    maxConnections: checkNumber(options, "maxConnections", 64, 1),
    place: `bucket ${JSON.stringify(options.bucket)} at ${host}`,
  };
}

function presetEndpoint(preset: Preset, { account }: S3Options, region: string | undefined): string | undefined {
  if (preset.endpoint?.includes("{account}") && account === undefined) {
    throw invalid(`${preset.vendor} needs the account`, "add ?account=<id>, or the whole ?endpoint=https://…");
  }
  if (preset.endpoint?.includes("{region}") && region === undefined) {
    throw invalid(`${preset.vendor} needs the bucket's region`, "add ?region=<region>");
  }
  for (const part of [account, region]) {
    if (part !== undefined && !/^[A-Za-z0-9-]+$/.test(part)) throw invalid(`not a name: ${JSON.stringify(part)}`);
  }
  return preset.endpoint?.replace("{account}", account ?? "").replace("{region}", region ?? "");
}

function checkEndpoint(endpoint: string | undefined, preset: Preset): string | undefined {
  if (endpoint === undefined) {
    if (preset === presets.minio) throw invalid("a MinIO server needs its address", "add ?endpoint=https://host:9000");
    return undefined;
  }
  if (!URL.canParse(endpoint)) throw invalid("the endpoint is not a URL", "write it as https://host");
  const url = new URL(endpoint);
  if (!/^https?:$/.test(url.protocol)) throw invalid("the endpoint is not a web address", "write it as https://host");
  if (url.username || url.password) throw invalid("the endpoint has credentials in it", credentialsHint);
  if (/(^|\.)storage\.googleapis\.com$/.test(url.hostname)) {
    throw invalid("Google's S3 interface silently ignores the condition of a create", "use gcs://bucket/path");
  }
  return endpoint;
}

export const credentialsHint =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or use `trunks storage add`";

function checkBucket(bucket: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) throw invalid(`not a bucket: ${JSON.stringify(bucket)}`);
  if (/--x-s3$/.test(bucket)) {
    throw new TrunksError("NOT_SUPPORTED", `${bucket} is a directory bucket, which lists its keys in no order`, {
      hint: "use a general purpose bucket",
    });
  }
  return bucket;
}

function keyPrefix(path: string): string {
  const bare = path.replace(/^\/|\/$/g, "");
  if (bare === "") return "";
  const segments = bare.split("/");
  // Some stores rewrite these silently, and what is written under one name is then found under another.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (segments.some((segment) => /^\.{0,2}$|[\u0000-\u001f\u007f\\]/.test(segment)) || bare.length > 400) {
    throw invalid(`not a path in a bucket: ${JSON.stringify(path)}`);
  }
  return `${bare}/`;
}

type NumberOption = "connectTimeoutMs" | "requestTimeoutMs" | "partSizeBytes" | "uploadConcurrency" | "maxConnections";

function checkNumber(
  options: S3Options,
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
