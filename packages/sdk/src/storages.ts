import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import type { NamedStorage, Settings, SettingsFile, Storage } from "@trunks/location";
import { encodeText } from "@trunks/repo/client";
import type { Clone } from "./clone.ts";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { type Surroundings, surroundingsOf } from "./open.ts";

/** Which storage is meant. */
export interface StorageOptions extends RequestOptions {
  /** The storage's name. */
  readonly name: string;
}

/** A new storage. */
export interface CreateStorageOptions extends StorageOptions {
  /** The store's URL: `s3://bucket/path`, `local:///folder`, … */
  readonly url: string;
  /** As the backend calls them: `region`, `endpoint`, … */
  readonly options?: Readonly<Record<string, string>>;
  /** Kept in this clone's settings alone, and never shown. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Whether it becomes the one that is meant when none is named. Default: when it is the first. */
  readonly default?: boolean;
}

/** What is changed of a storage; what is not named stays. */
export type UpdateStorageOptions = StorageOptions & Partial<Omit<CreateStorageOptions, "name">>;

/** The storages of a clone's settings, and those that the environment names. Mirrors are made by the command line. */
export class Storages {
  readonly #clone: () => Promise<Clone | undefined>;
  readonly #surroundings: Surroundings;

  /** The clone is asked for by each call. */
  constructor(clone: () => Promise<Clone | undefined>, surroundings: Surroundings) {
    this.#clone = clone;
    this.#surroundings = surroundings;
  }

  /** By name. Asks no store. */
  async list(options: PageOptions = {}): Promise<ListAnswer<NamedStorage>> {
    const settings = (await this.#clone())?.settings;
    const names = storageNames(settings, surroundingsOf(this.#surroundings).environment);
    return listPage(await Promise.all(names.map((name) => this.#shown(name, settings))), options);
  }

  /** Throws `NOT_FOUND`. */
  async get({ name }: StorageOptions): Promise<NamedStorage> {
    return this.#shown(name, (await this.#clone())?.settings);
  }

  /**
   * Saves a storage in the clone's settings, when its store has shown that it can be read, created in once and only once, listed
   * and deleted from. Throws `ALREADY_EXISTS`, `NOT_FOUND` for a clone without settings, and what keeps the store from answering.
   */
  async create(options: CreateStorageOptions): Promise<NamedStorage> {
    const { name, url, options: given = {}, secrets = {} } = options;
    const file = await this.#settingsFile();
    const before = await file.read();
    if (Object.hasOwn(before.storages, name)) throw taken(name);
    const storage: Storage = { url, options: given, secrets };
    await this.#prove(name, storage, before, options);
    const settings = await file.update((current) => {
      if (Object.hasOwn(current.storages, name)) throw taken(name);
      return withStorage(current, name, storage, options.default ?? current.defaultStorage === undefined);
    });
    return this.#shown(name, settings);
  }

  /** Changes a storage after its store was tried out again. Throws as `create` does, and `NOT_FOUND`. */
  async update(options: UpdateStorageOptions): Promise<NamedStorage> {
    const { name } = options;
    const file = await this.#settingsFile();
    const before = await file.read();
    const change = (settings: Settings): Storage => {
      const known = stored(name, settings);
      return {
        ...known,
        url: options.url ?? known.url,
        options: { ...known.options, ...options.options },
        secrets: { ...known.secrets, ...options.secrets },
      };
    };
    await this.#prove(name, change(before), before, options);
    const settings = await file.update((current) =>
      withStorage(current, name, change(current), options.default ?? current.defaultStorage === name),
    );
    return this.#shown(name, settings);
  }

  /** Forgets a storage; what is in the store stays. Throws `NOT_FOUND`, and `PRECONDITION_FAILED` for a mirror. */
  async delete({ name }: StorageOptions): Promise<void> {
    const file = await this.#settingsFile();
    await file.update((current) => {
      if (stored(name, current).mirror) {
        throw new TrunksError("PRECONDITION_FAILED", `${name} is a mirror, and the trunk has to forget it as well`, {
          hint: `run \`trunks storage remove ${name}\``,
        });
      }
      const { [name]: _, ...storages } = current.storages;
      const { defaultStorage, ...others } = current;
      return { ...others, storages, ...(defaultStorage !== name && defaultStorage && { defaultStorage }) };
    });
  }

  #shown(name: string, settings: Settings | undefined): Promise<NamedStorage> {
    return shown(name, settings, surroundingsOf(this.#surroundings).environment);
  }

  async #settingsFile(): Promise<SettingsFile> {
    const file = (await this.#clone())?.settingsFile;
    if (file !== undefined) return file;
    throw new TrunksError("NOT_FOUND", "there is no clone here that has settings", { hint: "run `trunks init`" });
  }

  async #prove(name: string, storage: Storage, settings: Settings, { signal }: RequestOptions): Promise<void> {
    const { checkStorageName, openRoot, resolveStorage } = await import("@trunks/location");
    checkStorageName(name);
    const surroundings = surroundingsOf(this.#surroundings);
    // As it will count: over it goes what the environment says.
    const whole = resolveStorage(name, { ...settings.storages, [name]: storage }, surroundings.environment) ?? storage;
    const { backend } = await openRoot(whole, surroundings);
    try {
      await proveStore(backend, { signal });
    } finally {
      await backend.close();
    }
  }
}

/** Names of all storages that settings or environment know, in order. */
export function storageNames(
  settings: Settings | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): string[] {
  const named = Object.keys(settings?.storages ?? {});
  const given = Object.keys(variables).flatMap((variable) => {
    const found = /^TRUNKS_STORAGE_([A-Z][A-Z0-9_]*)_URL$/.exec(variable);
    return found === null || !variables[variable] ? [] : [(found[1] as string).toLowerCase().replaceAll("_", "-")];
  });
  return [...new Set([...named, ...given])].sort();
}

async function shown(
  name: string,
  settings: Settings | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<NamedStorage> {
  const { namedStorage, resolveStorage } = await import("@trunks/location");
  const storage = resolveStorage(name, settings?.storages ?? {}, variables);
  if (storage === undefined) throw unknown(name);
  return namedStorage(name, storage, settings);
}

/** Throws `NOT_SUPPORTED` for a store that does not keep the promises that trunks need. Writes for a moment under a random name. */
async function proveStore(backend: Backend, options: RequestOptions): Promise<void> {
  const prefix = `trunks-proof-${crypto.randomUUID()}/`;
  const key = `${prefix}one`;
  const check = (kept: boolean, what: string) => {
    if (!kept) throw new TrunksError("NOT_SUPPORTED", `the store cannot carry trunks: ${what}`);
  };
  const read = async () => (await backend.get(key, options))?.bytes();
  check((await read()) === undefined, "it has a key that nobody has written");
  try {
    check(await backend.create(key, encodeText("one"), options), "it does not create a key that is absent");
    check(!(await backend.create(key, encodeText("two"), options)), "it creates a key a second time");
    check((await read())?.length === 3, "it does not give back what was written");
    const { keys } = await backend.list(prefix, options);
    check(
      !backend.capabilities.promptList || keys.some((listed) => listed.key === key),
      "it does not list what is there",
    );
  } finally {
    await backend.delete([key], options);
  }
  check((await read()) === undefined, "it does not delete");
}

function withStorage(settings: Settings, name: string, storage: Storage, isDefault: boolean): Settings {
  const storages = { ...settings.storages, [name]: storage };
  return { ...settings, storages, ...(isDefault && { defaultStorage: name }) };
}

function stored(name: string, settings: Settings): Storage {
  const storage = Object.hasOwn(settings.storages, name) ? settings.storages[name] : undefined;
  if (storage === undefined) throw unknown(name);
  return storage;
}

function unknown(name: string): TrunksError {
  return new TrunksError("NOT_FOUND", `there is no storage called ${name} here`, {
    hint: "`trunks storage list` lists them",
  });
}

function taken(name: string): TrunksError {
  return new TrunksError("ALREADY_EXISTS", `there is a storage called ${name} already`);
}
