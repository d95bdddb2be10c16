import {
  type Backend,
  type BackendModule,
  isTrunksError,
  type Observation,
  type RequestOptions,
  TrunksError,
} from "@trunks/core";
import { canonicalUrl, parseLocation, parseRoot, placeUrl, type UrlLocation } from "./location.ts";
import { findBackend } from "./platform.ts";
import { isSecretName, redactUrl } from "./redact.ts";
import type { Settings } from "./settings.ts";
import { type Environment, resolveStorage, type Storage } from "./storage.ts";

export interface OpenOptions {
  /** Read for storages and for where packages are. */
  readonly environment: Environment;
  /** Knows the named storages. Without it they come from the environment alone. */
  readonly settings?: Settings;
  /** Further folders beside and above which a backend's package may be installed: the program's own. */
  readonly installations?: readonly string[];
  /** Backends at hand, by what their packages export: they open the URLs of their schemes, and none is looked for. */
  readonly backends?: readonly BackendModule[];
}

/** A store, opened. No request was made yet. */
export interface OpenedRoot {
  readonly backend: Backend;
  /** For messages: secrets are masked. */
  readonly redactedUrl: string;
}

/** A trunk's place in a store, opened. */
export interface OpenedLocation extends OpenedRoot {
  /** The repository's name. */
  readonly name: string;
  /** Where the trunk's keys begin: `trunks/my-app.trunk/`. */
  readonly prefix: string;
  /** The storage's name, when the URL names one. */
  readonly storage?: string;
  /** The trunk's exact URL with all that others need to find it, and without secrets. */
  readonly placeUrl: string;
  /** The same for every way to write this trunk's URL, without secrets: for cache keys. */
  readonly canonicalUrl: string;
}

/**
 * Opens the store in which the trunk of a remote's URL lies: see `parseLocation`. A URL without secrets that is that of one
 * of the settings' storages gets that storage's. Throws `CONFIG_INVALID` when the URL, the storage or the backend's package
 * is not right.
 */
export async function openLocation(text: string, options: OpenOptions): Promise<OpenedLocation> {
  const location = parseLocation(text);
  const { name, prefix } = location;
  if (location.kind === "url") {
    const { root } = location;
    const url = canonicalUrl(root, prefix);
    const known = storageAt(location, options);
    const opened = await (known === undefined ? openUrl(root, {}, options) : openRoot(known, options));
    return { ...opened, name, prefix, canonicalUrl: url, placeUrl: url };
  }
  const storage = resolveStorage(location.storage, options.settings?.storages ?? {}, options.environment);
  if (storage === undefined) throw unknownStorage(location.storage, options.settings);
  const opened = await openRoot(storage, options);
  const canonical = canonicalUrl(parseRoot(storage.url), prefix);
  return {
    ...opened,
    name,
    prefix,
    storage: location.storage,
    canonicalUrl: canonical,
    placeUrl: placeUrl(storage, prefix),
  };
}

/** The storage by whose URL, options and all, a trunk is named: what the trunk's map calls it where it is a mirror. */
function storageAt({ root, prefix }: UrlLocation, { settings, environment }: OpenOptions): Storage | undefined {
  const hasSecrets = root.password !== "" || [...root.searchParams.keys()].some(isSecretName);
  if (settings === undefined || hasSecrets) return undefined;
  const storages = Object.keys(settings.storages).map((name) => resolveStorage(name, settings.storages, environment));
  return storages.find((storage) => storage && placeUrl(storage, prefix) === canonicalUrl(root, prefix));
}

/** Opens a storage's store. */
export async function openRoot(storage: Storage, options: OpenOptions): Promise<OpenedRoot> {
  return openUrl(parseRoot(storage.url), { ...storage.options, ...storage.secrets }, options);
}

/** What the backend's package has to say about a storage's store: see `StoreDiagnosis`. Nothing where it does not look. */
export async function diagnoseRoot(
  storage: Storage,
  options: OpenOptions,
  request: RequestOptions = {},
): Promise<readonly Observation[]> {
  const url = parseRoot(storage.url);
  const { diagnoseStore } = await backendModule(url.protocol.slice(0, -1), options);
  if (diagnoseStore === undefined) return [];
  return diagnoseStore(url, { ...storage.options, ...storage.secrets }, request);
}

async function openUrl(
  url: URL,
  backendOptions: Readonly<Record<string, string>>,
  options: OpenOptions,
): Promise<OpenedRoot> {
  const scheme = url.protocol.slice(0, -1);
  const { openBackend } = await backendModule(scheme, options);
  try {
    return { backend: await openBackend(url, backendOptions), redactedUrl: redactUrl(url.href) };
  } catch (error) {
    if (isTrunksError(error)) throw error;
    throw new TrunksError("INTERNAL", `the backend of ${redactUrl(url.href)} failed to open`, { cause: error });
  }
}

async function backendModule(
  scheme: string,
  { environment, installations, backends = [] }: OpenOptions,
): Promise<BackendModule> {
  const given = backends.find(({ schemes }) => schemes.includes(scheme));
  if (given !== undefined) return given;
  return scheme === "memory" ? import("./memory.ts") : findBackend(scheme, environment, installations);
}

function unknownStorage(name: string, settings: Settings | undefined): TrunksError {
  const known = Object.keys(settings?.storages ?? {});
  const variable = `TRUNKS_STORAGE_${name.toUpperCase().replaceAll("-", "_")}_URL`;
  return new TrunksError("CONFIG_INVALID", `there is no storage called ${name} here`, {
    hint: `${known.length > 0 ? `known are ${known.join(", ")}; ` : ""}run \`trunks storage add --name ${name} --url …\` or set ${variable}`,
  });
}
