import type { BackendOptions } from "@trunks/core";
import { invalid, type SftpOptions } from "./options.ts";
import type { ConfigLine } from "./ssh-config.ts";
import { SshFiles } from "./ssh-host.ts";

/** What may stand in a URL's query, spelled as in ssh_config(5), in upper or lower case. `config` is `ssh -F`. */
const queryNames = [
  "config",
  "connectTimeout",
  "hostKeyAlias",
  "identitiesOnly",
  "identityAgent",
  "identityFile",
  "proxyJump",
  "userKnownHostsFile",
];
const optionNames = [...queryNames, "password", "passphrase", "port", "user"];
/** What is called otherwise for other stores. */
const otherNames: Readonly<Record<string, string>> = { keyfile: "identityFile" };

const passwordHint = "keep it with `trunks storage add`; a URL ends up in git's configuration";

type Given = ReadonlyMap<string, string>;

/**
 * Reads `sftp://user@host:port/path?…`, options of the query's names that win over the URL's, and ssh's own files and
 * variables for what neither says. The path is absolute, or begins with `/~/` and is relative to the user's home. Only
 * options carry a password, and an `identityFile` among them, or `keyFile`, is the only key that is offered. Throws `CONFIG_INVALID` for anything that it does not know.
 */
export async function parseUrl(
  url: URL,
  options: BackendOptions,
  environment: NodeJS.ProcessEnv,
): Promise<SftpOptions> {
  if (url.protocol !== "sftp:") throw invalid(`${url.protocol}// is not SFTP`);
  if (url.password !== "") throw invalid("a URL is no place for a password", passwordHint);
  if (url.hash !== "") throw invalid("the URL has a part behind #", "write a # that belongs to the path as %23");
  const own = knownOptions(options);
  // Who keeps a key for this store means that one, and not what an agent or ssh's configuration has besides.
  const hasKey = own.has("identityFile");
  const only: Given = new Map(hasKey ? [["identitiesOnly", "yes"]] : []);
  const given: Given = new Map([...only, ...queryOptions(url), ...own]);
  const host = decode(url.hostname.replace(/^\[|\]$/g, ""));
  if (host === "") throw invalid("the URL names no host", "write sftp://user@host/path");
  const port = given.get("port") ?? (url.port || undefined);
  const user = given.get("user") ?? (decode(url.username) || undefined);
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw invalid(`not a port: ${JSON.stringify(port)}`);
  const wanted = { host, port: port === undefined ? undefined : Number(port), user };
  const found = new SshFiles(environment, given.get("config")).find(wanted, configLines(given));
  const [password, passphrase] = [given.get("password"), given.get("passphrase")];
  const identityFiles = hasKey ? found.identityFiles?.slice(0, 1) : found.identityFiles;
  return { ...found, identityFiles, path: pathOf(url), password, passphrase };
}

/** `/~/a` and `/~` begin at the home. */
function pathOf(url: URL): string {
  const path = decode(url.pathname || "/");
  return path === "/~" ? "" : path.startsWith("/~/") ? path.slice(3) : path;
}

function queryOptions(url: URL): Given {
  const given = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (/passw|passph/i.test(name)) throw invalid("a URL is no place for a password", passwordHint);
    if (value !== "") given.set(knownName(name, queryNames, "option in the URL"), value);
  }
  return given;
}

function knownOptions(options: BackendOptions): Given {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== "") given.set(knownName(name, optionNames, "option"), value);
  }
  return given;
}

function knownName(name: string, known: readonly string[], what: string): string {
  const wanted = otherNames[name.toLowerCase()] ?? name;
  const found = known.find((candidate) => candidate.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  throw invalid(`unknown ${what}: ${name}`, `known are ${known.join(", ")}`);
}

/** Those that ssh's configuration knows, as lines of it. */
function configLines(given: Given): ConfigLine[] {
  return [...given]
    .filter(([name]) => queryNames.includes(name) && name !== "config")
    .map(([name, value]) => ({ keyword: name.toLowerCase(), arguments: [value] }));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("the URL has a percent sign that encodes nothing", "write it as %25");
  }
}
