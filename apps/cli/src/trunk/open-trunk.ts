import type { Backend, Observation } from "@trunks/core";
import { retry, scope, trace } from "@trunks/layers";
import {
  diagnoseRoot,
  gitPlaceAccess,
  isGitMirrorUrl,
  openLocation,
  openPlace,
  openRoot,
  redactUrl,
  type Storage,
} from "@trunks/location";
import { type Place, Repository } from "@trunks/repo";
import { abortable } from "../abortable.ts";
import { commonGitDir } from "../git/common-dir.ts";
import { findSettings } from "../storage/find-settings.ts";
import { sightingFile } from "./sighting-file.ts";
import { stateFile } from "./state-file.ts";

export interface OpenTrunkOptions {
  /** The repository's git dir, absolute or from the current folder. Without one nothing is cached, and no settings are read. */
  readonly gitDir?: string;
  /** Tells each request on standard error. Default false. */
  readonly verbose?: boolean;
  /** Raised: every request that is under way or comes later throws `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Give up on a store that does not answer within seconds, for commands that ask whether it does. Default false. */
  readonly hurried?: boolean;
  /** Know nothing from earlier, and keep nothing for later. Default false. */
  readonly fresh?: boolean;
  /** Whether to show how far a push to a Git repository is; asked when one begins. Default: no. */
  readonly progress?: () => boolean;
}

/** A trunk that a URL names, ready to be read and written. It may not exist. */
export interface OpenedTrunk {
  readonly repository: Repository;
  /** The trunk's keys, with requests repeated as need be. */
  readonly backend: Backend;
  /** The repository's name. */
  readonly name: string;
  /** Where its keys begin in the store. */
  readonly prefix: string;
  /** What the trunk's map of mirrors would call this store, if it has not named it yet. */
  readonly place: Place;
  /** Opens a place of that map, as this clone reaches it. */
  readonly open: (place: Place) => Promise<Backend>;
  /** The store's URL for messages, without secrets. */
  readonly redactedUrl: string;
  /** Saves the state and frees connections. */
  close(): Promise<void>;
}

/** Opens the trunk behind a remote's URL, in any form that `parseLocation` takes. Makes no request. */
export async function openTrunk(urlText: string, options: OpenTrunkOptions = {}): Promise<OpenedTrunk> {
  const commonDir = options.gitDir === undefined ? undefined : commonGitDir(options.gitDir);
  const settings = commonDir === undefined ? undefined : await (await findSettings(commonDir))?.read();
  const opened = await openLocation(urlText, { ...openOptions, settings });
  const hasMirrors = () => (repository.known?.map.mirrors.size ?? 0) > 0;
  const backend = layered(opened.backend, opened.prefix, options, hasMirrors);
  const open = async (place: Place) => {
    const found = await openPlace(place, { ...openOptions, settings });
    return layered(found.backend, found.prefix, options, () => true);
  };
  const openFollower = async (place: Place) => {
    const access = gitPlaceAccess(place, { ...openOptions, settings });
    const { GitFollower } = await import("../follower/git-follower.ts");
    const { gitDir, verbose, hurried, progress } = options;
    const own = { name: place.name, gitDir, repository: () => repository };
    return new GitFollower(access, { ...own, verbose, hurried, progress });
  };
  const cache = commonDir === undefined || options.fresh ? undefined : stateFile(commonDir, opened.canonicalUrl);
  const sightings = cache === undefined || commonDir === undefined ? undefined : sightingFile(commonDir);
  const warn = (message: string) => void process.stderr.write(`warning: ${redactUrl(message)}\n`);
  const repository: Repository = new Repository(backend, { cache, sightings, openPlace: open, openFollower, warn });
  const { name, prefix, redactedUrl, storage = "primary", placeUrl: url } = opened;
  const place = { name: storage, url };
  return { repository, backend, name, prefix, place, open, redactedUrl, close: () => repository.close() };
}

/** Opens a storage's store, all keys of it. */
export async function openStorage(
  storage: Storage,
  options: Omit<OpenTrunkOptions, "gitDir" | "fresh"> = {},
): Promise<{ readonly backend: Backend; readonly redactedUrl: string }> {
  const { backend, redactedUrl } = await openRoot(storage, openOptions);
  return { backend: layered(backend, "", options), redactedUrl };
}

/** What a storage's store does by itself that its owner should know, secrets masked. Nothing for kinds that do not look. */
export async function observeStorage(storage: Storage, signal?: AbortSignal): Promise<Observation[]> {
  if (isGitMirrorUrl(storage.url)) return [];
  const seen = await diagnoseRoot(storage, openOptions, { signal });
  return seen.map((each) => ({ ...each, detail: redactUrl(each.detail) }));
}

/** Backends' packages may lie beside and above this program. */
export const installations: readonly string[] = [import.meta.dirname];

const openOptions = { environment: process.env, installations };

/** In milliseconds. Where there is another store to turn to, or one that stands in everyone's way, a reader waits so long. */
const impatienceMs = 10_000;

/**
 * The trace is inside the retries, so that it tells each try. Reads are given up soon when `isImpatient` says so at that
 * time.
 */
function layered(
  backend: Backend,
  prefix: string,
  { verbose, signal, hurried }: OpenTrunkOptions,
  isImpatient = () => false,
): Backend {
  const scoped = scope(backend, prefix);
  const sink = (line: string) => process.stderr.write(`trunks: ${line}\n`);
  const traced = verbose ? trace(scoped, { sink }) : scoped;
  const patience = hurried ? { maxAttempts: 4, deadlineMs: 5_000 } : {};
  const reading = {
    ...patience,
    get deadlineMs() {
      return hurried ? 5_000 : isImpatient() ? impatienceMs : undefined;
    },
  };
  const writes = retry(traced, patience);
  const reads = retry(traced, reading);
  const retried = { ...writes, get: reads.get, list: reads.list };
  return signal === undefined ? retried : abortable(retried, signal);
}
