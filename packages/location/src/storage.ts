import { TrunksError } from "@trunks/core";
import { type StorageField, storageFields } from "./field.ts";

/** A named, configured backend root. */
export interface Storage {
  /** The store's URL. */
  readonly url: string;
  /** Passed to the backend beside the URL: `region`, `endpoint`, … */
  readonly options: Readonly<Record<string, string>>;
  /** The same, and never shown: `accessKey`, `secretKey`, `password`, … */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether it holds copies of another storage's trunks. */
  readonly mirror?: boolean;
}

/** The process's environment, or what stands for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `CONFIG_INVALID` unless `name` can be a storage's: lower-case letters, digits and `-`, a letter first. */
export function checkStorageName(name: string): void {
  // No upper case and no `_`, so that no two names are one in environment variables.
  if (/^[a-z][a-z0-9-]{0,62}$/.test(name)) return;
  throw new TrunksError("CONFIG_INVALID", `${JSON.stringify(name)} cannot be a storage's name`, {
    hint: "use lower-case letters, digits and -, a letter first",
  });
}

/**
 * The storage `name` as it counts: what the settings say, and over it what the environment says in
 * `TRUNKS_STORAGE_<NAME>_<KEY>` (`URL`, `REGION`, `ACCESS_KEY`, …; empty ones do not count). Either alone suffices.
 * `undefined` when neither knows it.
 */
export function resolveStorage(
  name: string,
  storages: Readonly<Record<string, Storage>>,
  environment: Environment,
): Storage | undefined {
  checkStorageName(name);
  const stored = Object.hasOwn(storages, name) ? storages[name] : undefined;
  const { url = stored?.url, ...given } = environmentOptions(name, Object.keys(storages), environment);
  if (url === undefined) return undefined;
  const outdone = new Set(Object.keys(given).flatMap((option) => outdoneBy[option] ?? []));
  const left = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(values).filter(([option]) => !outdone.has(option)));
  // Everything from the environment counts as secret: what it holds cannot be known.
  return {
    url,
    options: left(stored?.options),
    secrets: { ...left(stored?.secrets), ...given },
    ...(stored?.mirror && { mirror: true }),
  };
}

/** Who asks is never put together from the environment and from what is saved: what the one names ends these of the other. */
const outdoneBy: Readonly<Record<string, readonly string[]>> = {
  accessKey: ["secretKey", "sessionToken"],
  accountKey: ["sasToken", "connectionString"],
  sasToken: ["accountKey", "connectionString"],
  connectionString: ["accountKey", "sasToken"],
  accessToken: ["keyFile"],
  keyFile: ["accessToken", "identityFile", "passphrase"],
  identityFile: ["keyFile", "passphrase"],
};

/** What the environment says of a storage, by option: `{ accessKey: … }`. */
export function environmentOptions(
  name: string,
  names: readonly string[],
  environment: Environment,
): Record<string, string> {
  const prefix = variablePrefix(name);
  // TRUNKS_STORAGE_A_B_URL belongs to the storage `a-b`, if there is one, and not to `a`.
  const longer = names.map(variablePrefix).filter((other) => other !== prefix && other.startsWith(prefix));
  const options: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!value || !variable.startsWith(prefix) || longer.some((other) => variable.startsWith(other))) continue;
    options[namedOption(variable.slice(prefix.length))] = value;
  }
  return options;
}

function variablePrefix(name: string): string {
  return `TRUNKS_STORAGE_${name.toUpperCase().replaceAll("-", "_")}_`;
}

/** `ACCOUNT_ID` is the option that `--account-id` is. */
function namedOption(key: string): string {
  const name = key.toLowerCase().replaceAll("_", "-");
  const field: StorageField | undefined = Object.hasOwn(storageFields, name)
    ? storageFields[name as keyof typeof storageFields]
    : undefined;
  return field?.option ?? optionName(key);
}

/** `ACCESS_KEY` and `access-key` are the option `accessKey`. */
export function optionName(key: string): string {
  return key.toLowerCase().replace(/[_-]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
