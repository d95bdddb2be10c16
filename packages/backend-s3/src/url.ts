import { type BackendOptions, TrunksError } from "@trunks/core";
import { credentialsHint, type S3Options } from "./options.ts";
import { presets, type S3Scheme } from "./preset.ts";

const textOptions = ["endpoint", "region", "account", "profile"] as const;
const secretOptions = ["accessKey", "secretKey", "sessionToken"] as const;

/** The process's environment, or what stands for it. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The names of what may stand in a URL's query, there in the form `path-style`. */
const queryNames: readonly string[] = [...textOptions, "pathStyle"];
const optionNames: readonly string[] = [...queryNames, ...secretOptions];

/**
 * Reads `s3://bucket/path?endpoint=…&region=…&path-style=true&profile=…&account=…`, and options of the same names
 * (`pathStyle`) that win over the URL's. Only options carry `accessKey`, `secretKey` and `sessionToken`: a URL ends up in
 * git's configuration and in a shell's history. For `s3` and `minio` an endpoint may come from `AWS_ENDPOINT_URL_S3` or
 * `AWS_ENDPOINT_URL`. Throws `CONFIG_INVALID` for anything that it does not know.
 */
export function parseUrl(url: URL, options: BackendOptions, environment: Environment): S3Options {
  const scheme = schemeOf(url);
  if (url.username || url.password) throw invalid("a URL is no place for credentials", credentialsHint);
  if (url.port)
    throw invalid(`${url.protocol}//${url.host} has a port where the bucket's name belongs`, endpointHint(url));
  const given = { ...queryOptions(url), ...knownOptions(options) };
  const { accessKey, secretKey, sessionToken, pathStyle, ...texts } = given;
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    throw invalid("accessKey and secretKey belong together", "give both, or neither");
  }
  if (sessionToken !== undefined && accessKey === undefined) {
    throw invalid("a sessionToken belongs to an accessKey and a secretKey", "give all three");
  }
  const ownEndpoint = scheme === "s3" || scheme === "minio";
  return {
    scheme,
    bucket: decodeURIComponent(url.hostname),
    path: decodePath(url),
    ...texts,
    endpoint: texts.endpoint ?? (ownEndpoint ? environmentEndpoint(environment) : undefined),
    pathStyle: pathStyle === undefined ? undefined : readFlag(pathStyle),
    credentials: accessKey && secretKey ? { accessKey, secretKey, sessionToken } : undefined,
  };
}

type Given = Partial<Record<(typeof textOptions)[number] | (typeof secretOptions)[number] | "pathStyle", string>>;

function schemeOf(url: URL): S3Scheme {
  const scheme = url.protocol.slice(0, -1);
  if (!Object.hasOwn(presets, scheme)) throw invalid(`${url.protocol}// is not an S3 store`);
  return scheme as S3Scheme;
}

function queryOptions(url: URL): Given {
  const given: Record<string, string> = {};
  for (const [key, value] of url.searchParams) {
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if ((secretOptions as readonly string[]).includes(name)) {
      throw invalid(`a URL is no place for ${key}`, credentialsHint);
    }
    if (!queryNames.includes(name)) throw invalid(`unknown option in the URL: ${key}`, knownHint(queryNames));
    if (value !== "") given[name] = value;
  }
  return given;
}

function knownOptions(options: BackendOptions): Given {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  for (const [name] of entries) {
    if (!optionNames.includes(name)) throw invalid(`unknown option: ${name}`, knownHint(optionNames));
  }
  return Object.fromEntries(entries);
}

function environmentEndpoint(environment: Environment): string | undefined {
  return environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || undefined;
}

function decodePath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", "the URL's path has a percent sign that encodes nothing", { cause: error });
  }
}

function readFlag(value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw invalid(`path-style is true or false, not ${JSON.stringify(value)}`);
}

function endpointHint(url: URL): string {
  return `write ${url.protocol}//bucket/path?endpoint=https://${url.host}`;
}

function knownHint(names: readonly string[]): string {
  return `known are ${names.join(", ")}`;
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
