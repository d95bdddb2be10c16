import {
  canonicalUrl,
  type Environment,
  parseLocation,
  parseRoot,
  resolveStorage,
  type Settings,
} from "@trunks/location";
import type { Git } from "./git.ts";

export interface Remote {
  readonly name: string;
  readonly url: string;
}

export async function remotesOf(git: Git): Promise<Remote[]> {
  const { stdout } = await git.try(["config", "--local", "--null", "--get-regexp", "^remote\\..*\\.url$"]);
  const found = stdout
    .toString("utf8")
    .split("\0")
    .map((item) => /^remote\.(.*)\.url\n(.*)$/s.exec(item));
  return found.flatMap((match) => (match === null ? [] : [{ name: match[1] as string, url: match[2] as string }]));
}

export function isTrunkUrl(url: string): boolean {
  return url.startsWith("trunks::") || url.startsWith("trunks://");
}

/** The trunk that a remote names, for comparison; `undefined` when its storage is not known here, or it names none. */
export function trunkOf(
  url: string,
  settings: Settings | undefined,
  environment: Environment = process.env,
): string | undefined {
  try {
    const location = parseLocation(url);
    if (location.kind === "url") return canonicalUrl(location.root, location.prefix);
    const storage = resolveStorage(location.storage, settings?.storages ?? {}, environment);
    return storage && canonicalUrl(parseRoot(storage.url), location.prefix);
  } catch {
    return undefined;
  }
}
