import { isSecretName, redactUrl } from "./redact.ts";
import type { Settings } from "./settings.ts";
import type { Storage } from "./storage.ts";

/** A storage as it is shown, in the shape that the command line prints. */
export interface NamedStorage {
  readonly object: "storage";
  readonly name: string;
  /** Without secrets. */
  readonly url: string;
  readonly options: Readonly<Record<string, string>>;
  /** The names of those that are set; their values are masked. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether it holds copies of another storage's trunks. */
  readonly mirror: boolean;
  readonly default: boolean;
}

/** Everything about a storage but its secrets. */
export function namedStorage(name: string, storage: Storage, settings: Settings | undefined): NamedStorage {
  const mask = (values: Readonly<Record<string, string>>, hidden: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, hidden(key) ? "***" : redactUrl(value)]));
  return {
    object: "storage",
    name,
    url: redactUrl(storage.url),
    options: mask(storage.options, isSecretName),
    secrets: mask(storage.secrets, () => true),
    mirror: storage.mirror === true,
    default: settings?.defaultStorage === name,
  };
}
