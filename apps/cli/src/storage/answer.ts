import { TrunksError } from "@trunks/core";
import { type NamedStorage, resolveStorage, type Settings, type Storage } from "@trunks/location";
import type { MirrorAnswer } from "../trunk/mirror-trunk.ts";

/** A storage as it is shown, with what only the command line knows. */
export interface StorageAnswer extends NamedStorage {
  /** How it stands as a mirror of this clone's trunk, if it is one. */
  readonly mirror_state?: MirrorAnswer;
}

/** The same, with what the trunk says of it; also for a mirror that only the trunk knows. */
export function withMirror(answer: StorageAnswer, mirrors: readonly MirrorAnswer[]): StorageAnswer {
  const found = mirrors.find(({ name }) => name === answer.name);
  return found === undefined ? answer : { ...answer, mirror: true, mirror_state: found };
}

/** A mirror of which this clone's settings know nothing. */
export function foundMirror(mirror: MirrorAnswer): StorageAnswer {
  const { name, url } = mirror;
  const nothing = { options: {}, secrets: {}, default: false };
  return { object: "storage", name, url, ...nothing, mirror: true, mirror_state: mirror };
}

/** The storage of that name, or the default one, as settings and environment have it. Throws `NOT_FOUND`. */
export function requireStorage(
  name: string | undefined,
  settings: Settings | undefined,
): { readonly name: string; readonly storage: Storage } {
  const wanted = name ?? settings?.defaultStorage;
  if (wanted === undefined) {
    throw new TrunksError("NOT_FOUND", "there is no storage here", { hint: "run `trunks storage add`" });
  }
  const storage = resolveStorage(wanted, settings?.storages ?? {}, process.env);
  if (storage !== undefined) return { name: wanted, storage };
  throw new TrunksError("NOT_FOUND", `there is no storage called ${wanted}`, {
    hint: "`trunks storage list` lists them",
  });
}

/** A storage that is not saved yet, as it will count: over it goes what the environment says of one of that name. */
export function withEnvironment(name: string, storage: Storage, others: Settings["storages"]): Storage {
  return resolveStorage(name, { ...others, [name]: storage }, process.env) ?? storage;
}

/** The storage of that name in the settings themselves. Throws `NOT_FOUND`. */
export function requireStored(name: string, settings: Settings): Storage {
  const storage = Object.hasOwn(settings.storages, name) ? settings.storages[name] : undefined;
  if (storage !== undefined) return storage;
  throw new TrunksError("NOT_FOUND", `there is no storage called ${name} in the settings`, {
    hint: "`trunks storage list` lists them",
  });
}
