import { resolve } from "node:path";
import {
  backendPackages,
  type FieldName,
  fieldOption,
  formUrl,
  formValues,
  gitMirrorUrl,
  isGitMirrorUrl,
  isSecretName,
  optionName,
  parseRoot,
  type Storage,
  type StorageField,
  schemeRules,
  storageFields,
} from "@trunks/location";
import type { Mirror } from "@trunks/repo";
import { type Arguments, UsageError } from "../arguments.ts";
import type { OptionSpec } from "../command.ts";
import { givenSecrets } from "../terminal/secret-input.ts";

const fields = Object.entries(storageFields) as [FieldName, StorageField][];

/** The fields that say where a store is, and those that its backend takes beside the URL. */
const placeFields = fields.filter(([name]) => fieldOption(name) === undefined);
const optionFields = fields.filter(([name]) => fieldOption(name) !== undefined);

/** How a store is reached, beside its URL. */
export const connectionOptions: Readonly<Record<string, OptionSpec>> = {
  ...optionSpecs(optionFields),
  option: { value: "KEY=VALUE", multiple: true, help: "any other option of the backend" },
};

/** What `storage add` and `storage update` take. */
export const storageOptions = {
  name: { value: "NAME", help: "what the storage is called" },
  url: { value: "URL", help: "the store: s3://bucket/path, local:///folder, … (see trunks help urls)" },
  backend: {
    value: "KIND",
    help: "its kind, with the options below in place of a URL: s3, gcs, sftp, local, …; or git, with the URL of a mirror that git pushes to",
  },
  ...optionSpecs(placeFields),
  ...connectionOptions,
  mirror: {
    value: "strict|lagging",
    fallback: "strict",
    help: "it holds a copy of the trunk: pushes must reach it, or it may lag behind",
  },
  default: { help: "commands that name no storage mean this one" },
} as const;

/** For the help of commands that take secrets. */
export const secretsHelp =
  "Of a secret write - to be asked for it, or to pipe it in, a line each: other users of this machine can see what is in a command line. TRUNKS_STORAGE_<NAME>_<KEY> in the environment, as in TRUNKS_STORAGE_PRIMARY_SECRET_KEY, goes before what is saved.";

/** The storage's name, as a word or as `--name`. */
export function storageName(args: Arguments): string | undefined {
  const [word] = args.words;
  const option = args.text("name");
  if (word !== undefined && option !== undefined) throw new UsageError("the name was given twice");
  return word ?? option;
}

/** What `--mirror` says, if it was given. */
export function mirrorMode(args: Arguments): Mirror["mode"] | undefined {
  const mode = args.text("mirror");
  if (mode === undefined || mode === "strict" || mode === "lagging") return mode;
  throw new UsageError(`--mirror takes strict or lagging, not ${JSON.stringify(mode)}`);
}

/**
 * The store's URL: `--url`, or `--backend` with the fields that it needs. For an update these fields change the URL that
 * there is, `before`. Throws `UsageError` when something is missing or does not fit.
 */
export function storageUrl(args: Arguments, before?: string): string | undefined {
  const { url, scheme } = statedPlace(args);
  const given = placeFields.flatMap(([name]) => (args.text(name) === undefined ? [] : [name]));
  if (url !== undefined && given.length > 0) throw new UsageError(`--${given[0]} is for --backend; a URL says it all`);
  if (url !== undefined) return url;
  const kind = scheme ?? (before === undefined ? undefined : parseRoot(before).protocol.slice(0, -1));
  if (kind === undefined) {
    if (given.length > 0) throw new UsageError(`--${given[0]} needs --backend beside it`);
    return undefined;
  }
  if (scheme === undefined && given.length === 0) return before;
  checkFields(args, kind);
  const old = scheme === undefined && before !== undefined ? formValues(before) : {};
  const values = { ...old, ...Object.fromEntries(given.map((name) => [name, placeValue(args, name, kind)])) };
  const missing = missingFields(args, kind, values);
  if (missing.length > 0) throw new UsageError(`--${missing[0]} is missing`);
  const query = scheme === undefined && before !== undefined ? parseRoot(before).search : "";
  return formUrl(kind, values) + query;
}

/** What the command line says of the store's kind: a URL, or the scheme that its fields are of. */
export function statedPlace(args: Arguments): { readonly url?: string; readonly scheme?: string } {
  const [url, backend] = [args.text("url"), args.text("backend")];
  if (backend === "git") {
    if (url === undefined) throw new UsageError("--backend git needs --url beside it", "as in https://host/path");
    return { url: gitMirrorUrl(url) };
  }
  if (url !== undefined && isGitMirrorUrl(url)) return { url: gitMirrorUrl(url) };
  if (url !== undefined && backend !== undefined) throw new UsageError("--url and --backend say the same: give one");
  if (backend === undefined) return url === undefined ? {} : { url };
  if (backend.includes("://")) return { url: isGitMirrorUrl(backend) ? gitMirrorUrl(backend) : backend };
  backendPackages(backend);
  return { scheme: backend };
}

/** Which fields a store of this kind needs and the command line does not have. `known` has those of the URL. */
export function missingFields(args: Arguments, scheme: string, known: object = {}): FieldName[] {
  const there = (name: FieldName) => args.text(name) !== undefined || Object.hasOwn(known, name);
  const isPlace = (name: FieldName) => fieldOption(name) === undefined;
  const needed = schemeRules(scheme).form.required.filter((name) => !there(name));
  // Vendors' addresses are made of these.
  return args.text("endpoint") === undefined ? needed : needed.filter(isPlace);
}

/** `base`, changed by the connection options of the command line. Throws for a URL or options that cannot be. */
export async function storageFrom(args: Arguments, base: Storage): Promise<Storage> {
  if (!isGitMirrorUrl(base.url)) parseRoot(base.url);
  const options: Record<string, string> = { ...base.options };
  const secrets: Record<string, string> = { ...base.secrets };
  for (const [name, value] of plainOptions(args)) (isSecretName(name) ? secrets : options)[name] = value;
  const given = await givenSecrets(args, secretFields);
  const found = [...given].map(([name, value]) => [
    fieldOption(name as FieldName),
    optionValue(name as FieldName, value),
  ]);
  return { ...base, options, secrets: { ...secrets, ...Object.fromEntries(found) } };
}

/** A storage of which only the URL is known. */
export function bareStorage(url: string): Storage {
  return { url, options: {}, secrets: {} };
}

const isSecretField = (name: FieldName) => isSecretName(fieldOption(name) ?? "");
const secretFields = optionFields.map(([name]) => name).filter(isSecretField);

function optionSpecs(chosen: readonly (readonly [string, StorageField])[]): Record<string, OptionSpec> {
  return Object.fromEntries(chosen.map(([name, { value, help }]) => [name, { value, help }]));
}

function checkFields(args: Arguments, scheme: string): void {
  const { asked, others } = schemeRules(scheme).form;
  const known = new Set<FieldName>([...asked, ...others]);
  const strange = fields.find(([name]) => args.text(name) !== undefined && !known.has(name));
  if (strange === undefined) return;
  const names = [...known].map((name) => `--${name}`).join(", ");
  throw new UsageError(`--${strange[0]} is not for ${scheme}`, `it takes ${names}; anything else by --option`);
}

function placeValue(args: Arguments, name: FieldName, scheme: string): string {
  const value = args.text(name) as string;
  // Folders of this machine may be named from where the user stands.
  return name === "path" && (scheme === "local" || scheme === "file") ? resolve(value) : value;
}

/** Files may be named from where the user stands, and are looked for from elsewhere; backends know what `~` means. */
function optionValue(name: FieldName, value: string): string {
  const { isFile }: StorageField = storageFields[name];
  return isFile && value !== "" && !/^(~|none$)/.test(value) ? resolve(value) : value;
}

function plainOptions(args: Arguments): [string, string][] {
  const given = optionFields.flatMap(([name]): [string, string][] => {
    const value = args.text(name);
    return value === undefined || isSecretField(name) ? [] : [[fieldOption(name) as string, optionValue(name, value)]];
  });
  const others = args.texts("option").map((pair): [string, string] => {
    const found = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(pair);
    if (found === null) throw new UsageError("--option takes KEY=VALUE");
    const key = found[1] as string;
    // Some backends' own names have underscores in them.
    return [key.includes("-") ? optionName(key) : key, found[2] as string];
  });
  return [...given, ...others];
}
