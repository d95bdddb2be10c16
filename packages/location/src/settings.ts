import { isTrunksError, TrunksError } from "@trunks/core";
import { checkStorageName, type Storage } from "./storage.ts";

/** What a clone knows of its trunk. Kept beside the worktree, with its secrets, and never in the store. */
export interface Settings {
  /** The repository's name in its storages. */
  readonly repository: string;
  /** The storage that commands mean when none is named. */
  readonly defaultStorage?: string;
  readonly storages: Readonly<Record<string, Storage>>;
}

const version = 1;

/** The settings file's bytes. `key` is the file's proof of origin: see `SettingsFile`. */
export function encodeSettings(settings: Settings, key: string): string {
  const { repository, defaultStorage, storages } = settings;
  return `${JSON.stringify({ version, key, repository, defaultStorage, storages }, undefined, 2)}\n`;
}

/** Throws `CONFIG_INVALID` when the text is no settings file or one of a newer version; the message shows none of it. */
export function decodeSettings(text: string, path: string): { settings: Settings; key: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) throw invalid(path, "it is not an object");
    if (value.version !== version) throw invalid(path, `its version is not ${version}`);
    const { key, repository, defaultStorage, storages } = value;
    if (typeof key !== "string" || typeof repository !== "string" || !isRecord(storages)) {
      throw invalid(path, "key, repository or storages is missing");
    }
    if (defaultStorage !== undefined && typeof defaultStorage !== "string") throw invalid(path, "defaultStorage");
    const entries = Object.entries(storages).map(([name, storage]) => [name, readStorage(name, storage, path)]);
    return {
      key,
      settings: { repository, ...(defaultStorage && { defaultStorage }), storages: Object.fromEntries(entries) },
    };
  } catch (error) {
    // JSON.parse quotes the text, and there are secrets in it.
    throw isTrunksError(error) ? error : invalid(path, "it is not JSON");
  }
}

function readStorage(name: string, value: unknown, path: string): Storage {
  checkStorageName(name);
  if (!isRecord(value) || typeof value.url !== "string") throw invalid(path, `storage ${name} has no url`);
  const { url, options = {}, secrets = {}, mirror } = value;
  if (!isTextRecord(options) || !isTextRecord(secrets))
    throw invalid(path, `storage ${name} has options that are no text`);
  return { url, options, secrets, ...(mirror === true && { mirror }) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === "string");
}

function invalid(path: string, what: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", `the settings in ${path} cannot be read: ${what}`, {
    hint: "move the file away and run `trunks init` again",
  });
}
