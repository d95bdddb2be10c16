import { type BackendOptions, TrunksError } from "@trunks/core";
import { credentialsHint, type GcsOptions } from "./options.ts";

/** What may stand in a URL's query. */
const queryNames: readonly string[] = ["endpoint"];
const secretNames: readonly string[] = ["keyFile", "accessToken"];
const optionNames: readonly string[] = [...queryNames, ...secretNames];

/**
 * Reads `gcs://bucket/path?endpoint=…`, and options that win over the URL's. Only options carry `keyFile` and
 * `accessToken`: a URL ends up in git's configuration and in a shell's history, and may come from a stranger. Without an
 * endpoint, `STORAGE_EMULATOR_HOST` names one. Throws `CONFIG_INVALID` for anything that it does not know.
 */
export function parseUrl(url: URL, options: BackendOptions, environment: NodeJS.ProcessEnv): GcsOptions {
  if (!/^(gcs|gs):$/.test(url.protocol)) throw invalid(`${url.protocol}// is not Google Cloud Storage`);
  if (url.username || url.password) throw invalid("a URL is no place for credentials", credentialsHint);
  if (url.port) {
    const hint = `write ${url.protocol}//bucket/path?endpoint=http://${url.host}`;
    throw invalid(`${url.protocol}//${url.host} has a port where the bucket's name belongs`, hint);
  }
  const { keyFile, accessToken, endpoint } = { ...queryOptions(url), ...knownOptions(options) };
  return {
    bucket: decodeText(url.hostname),
    path: decodeText(url.pathname),
    endpoint: endpoint ?? emulatorEndpoint(environment),
    keyFile,
    accessToken,
  };
}

type Given = Partial<Record<"endpoint" | "keyFile" | "accessToken", string>>;

function queryOptions(url: URL): Given {
  const given: Record<string, string> = {};
  for (const [key, value] of url.searchParams) {
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (secretNames.includes(name)) throw invalid(`a URL is no place for ${key}`, credentialsHint);
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

/** As Google's own clients read it: with or without a scheme. */
function emulatorEndpoint({ STORAGE_EMULATOR_HOST: host }: NodeJS.ProcessEnv): string | undefined {
  if (!host) return undefined;
  return /^https?:\/\//.test(host) ? host : `http://${host}`;
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", "the URL has a percent sign that encodes nothing", { cause: error });
  }
}

function knownHint(names: readonly string[]): string {
  return `known are ${names.join(", ")}`;
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
