import { TrunksError } from "@trunks/core";
import { canonicalUrl, parseLocation, parseRoot } from "./location.ts";
import { type OpenedLocation, type OpenOptions, openLocation, openRoot } from "./open.ts";
import { environmentOptions, optionName, resolveStorage } from "./storage.ts";

/** A store that holds a trunk, as the trunk's map of mirrors names it. */
export interface NamedPlace {
  readonly name: string;
  readonly url: string;
}

/**
 * Opens a place that a trunk's map names. What this machine itself says of a storage of that name goes before the map:
 * its URL, and its secrets with that URL only. Where it says nothing, the map's URL is opened with what the provider's own
 * chain of credentials finds; but a host that only the map names gets no credentials of this machine: then throws
 * `CONFIG_INVALID`, and the user has to name it.
 */
export async function openPlace(place: NamedPlace, options: OpenOptions): Promise<OpenedLocation> {
  const { settings, environment } = options;
  const storages = settings?.storages ?? {};
  const known = resolveStorage(place.name, storages, environment);
  const location = parseLocation(place.url);
  if (location.kind !== "url")
    throw new TrunksError("CORRUPT", `the trunk's map names ${place.url}, which is no store`);
  const { name, prefix } = location;
  if (known !== undefined) {
    const canonical = canonicalUrl(parseRoot(known.url), prefix);
    return { ...(await openRoot(known, options)), name, prefix, canonicalUrl: canonical, placeUrl: place.url };
  }
  if (namesOwnHost(location.root)) throw unnamed(place);
  const secrets = environmentOptions(place.name, Object.keys(storages), environment);
  if (Object.keys(secrets).length === 0) return openLocation(place.url, options);
  const opened = await openRoot({ url: location.root.href, options: {}, secrets }, options);
  return { ...opened, name, prefix, canonicalUrl: canonicalUrl(location.root, prefix), placeUrl: place.url };
}

/** Kinds of stores whose host is their vendor's, is none, or proves who it is before it is told a secret. */
const vendorsHosts = ["s3", "r2", "tigris", "b2", "wasabi", "spaces", "gcs", "gs", "azure"];
const noSecrets = ["local", "file", "memory", "sftp"];

function namesOwnHost(root: URL): boolean {
  const scheme = root.protocol.slice(0, -1);
  if (noSecrets.includes(scheme)) return false;
  return (
    !vendorsHosts.includes(scheme) || [...root.searchParams.keys()].some((name) => optionName(name) === "endpoint")
  );
}

function unnamed({ name, url }: NamedPlace): TrunksError {
  const variable = `TRUNKS_STORAGE_${name.toUpperCase().replaceAll("-", "_")}_URL`;
  return new TrunksError(
    "CONFIG_INVALID",
    `the trunk names a host of its own choice for ${name}, and this machine's credentials are not for everyone: ${url}`,
    { hint: `if you trust it, say so: \`trunks storage add ${name} --mirror --url …\`, or set ${variable}` },
  );
}
