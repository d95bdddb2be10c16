import { TrunksError } from "@trunks/core";
import { canonicalUrl, parseLocation, parseRoot } from "./location.ts";
import { type NamedPlace, unnamedPlace } from "./named-place.ts";
import { type OpenedLocation, type OpenOptions, openLocation, openRoot } from "./open.ts";
import { environmentOptions, optionName, resolveStorage } from "./storage.ts";

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
  if (namesOwnHost(location.root)) throw unnamedPlace(place, "--url …");
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
