import { text as readText } from "node:stream/consumers";
import { isSecretName, optionName, parseRoot, type Storage } from "@trunks/location";
import { type Arguments, UsageError } from "./arguments.ts";
import type { OptionSpec } from "./command.ts";

const secretOptions: Readonly<Record<string, OptionSpec>> = {
  "access-key": { value: "ID", help: "who asks; - reads it from standard input" },
  "secret-key": { value: "SECRET", help: "its secret; - reads it from standard input" },
  "session-token": { value: "TOKEN", help: "for credentials that expire; - reads it from standard input" },
  password: { value: "PASSWORD", help: "for stores that ask for one; - reads it from standard input" },
};

/** How a store is reached, beside its URL. */
export const connectionOptions: Readonly<Record<string, OptionSpec>> = {
  region: { value: "REGION", help: "the store's region" },
  endpoint: { value: "URL", help: "where an S3-compatible store listens" },
  ...secretOptions,
  option: { value: "KEY=VALUE", multiple: true, help: "any other option of the backend" },
};

/** What `storage add` and `storage update` take. */
export const storageOptions = {
  name: { value: "NAME", help: "what the storage is called" },
  url: { value: "URL", help: "the store: s3://bucket/path, local:///folder, … (see trunks help urls)" },
  backend: { value: "URL", help: "the same as --url" },
  ...connectionOptions,
  mirror: { help: "it holds copies of another storage" },
  default: { help: "commands that name no storage mean this one" },
} as const;

/** The storage's name, as a word or as `--name`. */
export function storageName(args: Arguments): string | undefined {
  const [word] = args.words;
  const option = args.text("name");
  if (word !== undefined && option !== undefined) throw new UsageError("the name was given twice");
  return word ?? option;
}

/** The store's URL as `--url` or `--backend`. */
export function storageUrl(args: Arguments): string | undefined {
  return args.text("url") ?? args.text("backend");
}

/** `base`, changed by the connection options of the command line. Throws for a URL or options that cannot be. */
export async function storageFrom(args: Arguments, base: Storage): Promise<Storage> {
  parseRoot(base.url);
  const options: Record<string, string> = { ...base.options };
  const secrets: Record<string, string> = { ...base.secrets };
  for (const [name, value] of plainOptions(args)) (isSecretName(name) ? secrets : options)[name] = value;
  return { ...base, options, secrets: { ...secrets, ...(await secretValues(args)) } };
}

/** A storage of which only the URL is known. */
export function bareStorage(url: string): Storage {
  return { url, options: {}, secrets: {} };
}

function plainOptions(args: Arguments): [string, string][] {
  const given = ["region", "endpoint"].flatMap((name): [string, string][] => {
    const value = args.text(name);
    return value === undefined ? [] : [[name, value]];
  });
  const others = args.texts("option").map((pair): [string, string] => {
    const found = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(pair);
    if (found === null) throw new UsageError("--option takes KEY=VALUE");
    const key = found[1] as string;
    return [/[_-]/.test(key) ? optionName(key) : key, found[2] as string];
  });
  return [...given, ...others];
}

/** Secrets in the command line can be seen by other users of the machine; those given as `-` come from standard input, a line each. */
async function secretValues(args: Arguments): Promise<Record<string, string>> {
  const given = Object.keys(secretOptions).flatMap((option) => {
    const value = args.text(option);
    return value === undefined ? [] : [{ option, value }];
  });
  const hidden = given.some(({ value }) => value === "-");
  const lines = hidden ? (await readText(process.stdin)).split(/\r?\n/) : [];
  return Object.fromEntries(
    given.map(({ option, value }) => {
      const secret = value === "-" ? lines.shift() : value;
      if (!secret) throw new UsageError(`--${option} is empty`, "standard input holds the secrets, one a line");
      return [optionName(option), secret];
    }),
  );
}
