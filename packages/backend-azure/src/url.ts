import { type BackendOptions, TrunksError } from "@trunks/core";
import { parseConnectionString } from "./connection-string.ts";
import { type AzureOptions, credentialsHint } from "./options.ts";

/** What may stand in a URL's query. */
const queryNames: readonly string[] = ["endpoint"];
const secretNames: readonly string[] = ["accountKey", "sasToken", "connectionString"];
const optionNames: readonly string[] = [...queryNames, ...secretNames];

/**
 * Reads `azure://account/container/path?endpoint=…`, and options that win over the URL's. Only options and the environment
 * carry secrets: a URL ends up in git's configuration and in a shell's history, and may come from a stranger. For the same
 * reason a token of the environment is not shown to an endpoint that the URL names. Throws `CONFIG_INVALID` for anything
 * that it does not know.
 */
export function parseUrl(url: URL, options: BackendOptions, environment: NodeJS.ProcessEnv): AzureOptions {
  if (url.protocol !== "azure:") throw invalid(`${url.protocol}// is not Azure Blob Storage`);
  if (url.username || url.password) throw invalid("a URL is no place for credentials", credentialsHint);
  if (url.port) throw invalid(`${url.protocol}//${url.host} has a port where the account's name belongs`, urlHint);
  const query = queryOptions(url);
  const given = { ...query, ...knownOptions(options) };
  const [container = "", ...path] = decodeText(url.pathname).slice(1).split("/");
  const account = decodeText(url.hostname);
  const place = { account, container, path: path.join("/") };
  const own = given.accountKey ?? given.sasToken ?? given.connectionString;
  const found = own === undefined ? fromEnvironment(account, environment) : given;
  const text = found.connectionString;
  const { endpoint: foundEndpoint, ...secrets } = text === undefined ? found : parseConnectionString(text, account);
  const endpoint = given.endpoint ?? foundEndpoint;
  // A key signs, and is not shown; a signature that anyone may use is.
  const isStranger = own === undefined && query.endpoint !== undefined && query.endpoint === endpoint;
  return { ...secrets, ...place, endpoint, ...(isStranger && { sasToken: undefined }) };
}

type Given = Partial<Record<"endpoint" | "accountKey" | "sasToken" | "connectionString", string>>;

function queryOptions(url: URL): Given {
  const given: Record<string, string> = {};
  for (const [key, value] of url.searchParams) {
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (secretNames.includes(name) || name === "sig") throw invalid(`a URL is no place for ${key}`, credentialsHint);
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

/** What the variables of Azure's tools say of this account; those of another are not for it. */
function fromEnvironment(account: string, environment: NodeJS.ProcessEnv): Given {
  const connectionString = environment.AZURE_STORAGE_CONNECTION_STRING || undefined;
  if (connectionString !== undefined && parseConnectionString(connectionString).account === account) {
    return { connectionString };
  }
  const named = environment.AZURE_STORAGE_ACCOUNT;
  if (named && named !== account) return {};
  const accountKey = environment.AZURE_STORAGE_KEY || undefined;
  return accountKey === undefined ? { sasToken: environment.AZURE_STORAGE_SAS_TOKEN || undefined } : { accountKey };
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", "the URL has a percent sign that encodes nothing", { cause: error });
  }
}

const urlHint = "write azure://account/container/path?endpoint=http://host:port/account";

function knownHint(names: readonly string[]): string {
  return `known are ${names.join(", ")}`;
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
