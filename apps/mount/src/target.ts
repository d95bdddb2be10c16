import { basename } from "node:path";
import { TrunksError } from "@trunks/core";
import {
  canonicalUrl,
  parseRoot,
  placeUrl,
  redactUrl,
  resolveStorage,
  type Settings,
  type Storage,
  trunkPrefix,
} from "@trunks/location";
import type { MountOptions } from "@trunks/sdk";
import type { Folder } from "./folder.ts";
import { isTrunkUrl, type Remote, trunkOf } from "./remote.ts";

/** Which trunk a mount is of. */
export interface Target {
  /** The repository's name in its store. */
  readonly repository: string;
  /** As a remote has it: `trunks://primary/my-app`. */
  readonly remoteUrl: string;
  /** One text for one trunk, without secrets. */
  readonly url: string;
  /** What the folder's settings shall say. */
  readonly settings: Settings;
  /** The remote that is this trunk already. */
  readonly remote: Remote | undefined;
}

/** What is meant, by what was said and by what the folder knows. Throws `CONFLICT` for a folder of another trunk. */
export function findTarget(options: MountOptions, folder: Folder): Target {
  const { record, settings, remotes = [] } = folder.repository ?? {};
  const repository = options.repo ?? record?.repository ?? settings?.repository ?? basename(folder.path);
  const prefix = trunkPrefix(repository);
  const { name, storage } = findStorage(options.backend, settings);
  const url = canonicalUrl(parseRoot(storage.url), prefix);
  const trunks = remotes.filter((remote) => isTrunkUrl(remote.url));
  const remote = trunks.find((each) => trunkOf(each.url, settings) === url);
  const others = [record?.url, ...(remote === undefined ? trunks : []).map((each) => each.url)];
  const other = others.find((each) => each !== undefined && each !== url);
  if (other !== undefined) throw anotherTrunk(folder.path, redactUrl(other));
  if (settings !== undefined && settings.repository !== repository) {
    throw anotherTrunk(folder.path, settings.repository);
  }
  const storages = { ...settings?.storages, [name]: settings?.storages[name] ?? storage };
  return {
    repository,
    remoteUrl: `trunks://${name}/${repository}`,
    url,
    settings: { repository, defaultStorage: settings?.defaultStorage ?? name, storages },
    remote,
  };
}

function anotherTrunk(path: string, other: string): TrunksError {
  return new TrunksError("CONFLICT", `${path} belongs to another trunk already: ${other}`, {
    hint: "mount another folder, or leave out --repo and --backend to go on with that trunk",
  });
}

/** The store that is meant: the one that was said, else what the folder's settings or the environment say. */
function findStorage(
  backend: MountOptions["backend"],
  settings: Settings | undefined,
): { readonly name: string; readonly storage: Storage } {
  const storages = settings?.storages ?? {};
  const own = settings?.defaultStorage ?? "primary";
  if (backend === undefined) {
    const storage = resolveStorage(own, storages, process.env);
    if (storage !== undefined) return { name: own, storage: withoutEnvironment(storage, storages[own]) };
    throw new TrunksError("INVALID_ARGUMENT", "nothing says where the trunk is", {
      hint: "give the store's URL: --backend s3://bucket/path",
    });
  }
  const storage = typeof backend === "string" ? { url: backend, options: {}, secrets: {} } : backend;
  const wanted = placeUrl(storage, "trunks/");
  const saved = Object.entries(storages).find(([, each]) => placeUrl(each, "trunks/") === wanted);
  if (saved !== undefined) return { name: saved[0], storage: saved[1] };
  const free = ["primary", "mounted"].find((name) => !Object.hasOwn(storages, name));
  if (free !== undefined) return { name: free, storage };
  throw new TrunksError("ALREADY_EXISTS", "the folder's settings have other storages", {
    hint: "`trunks storage update` changes one",
  });
}

/** What the environment says counts each time anew, and is not saved. */
function withoutEnvironment({ url }: Storage, saved: Storage | undefined): Storage {
  return saved ?? { url, options: {}, secrets: {} };
}
