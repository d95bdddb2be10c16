import { type Backend, type RequestOptions, TrunksError } from "@trunks/core";
import type { Settings } from "@trunks/location";
import {
  type ObjectFormat,
  type Place,
  Repository,
  type RepositoryOptions,
  SegmentsAhead,
  type State,
  type StateCache,
} from "@trunks/repo";
import { checkBranchName, noBranch } from "./branches.ts";
import { defaultIdentity, type Identity } from "./identity.ts";
import { emitWarning, environment } from "./platform.ts";
import { Session } from "./session.ts";

/** How a trunk is worked on. */
export interface OpenOptions extends RequestOptions {
  /** The branch to work on. Default: the one that the trunk's HEAD names. */
  readonly branch?: string;
  /** Who commits are by. Default: `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`, else `trunks <trunks@localhost>`. */
  readonly author?: Identity;
  /** Who makes the commits. Default: the author if one is given, else `GIT_COMMITTER_NAME` and `GIT_COMMITTER_EMAIL`. */
  readonly committer?: Identity;
  /** Whether the trunk is made when there is none; with an object format, of that one. Default false. */
  readonly create?: boolean | ObjectFormat;
  /** So many bytes of new contents are held in memory; what goes beyond is put into a temporary file. Default 32 MiB. */
  readonly memorySizeBytes?: number;
  /** Keeps what is known of the trunk between processes, which saves a round trip. Default: nothing is kept. */
  readonly cache?: StateCache;
  /** Is told, in a sentence each, what a user should know and no failure says. Default: the process's own warnings. */
  readonly warn?: (message: string) => void;
}

/** How a trunk is found and worked on. */
export interface OpenUrlOptions extends OpenOptions {
  /** Knows the storages that `trunks://` URLs name, beside what the environment says of them. */
  readonly settings?: Settings;
  /** Folders beside and above which a backend's package may be installed. Default: those of this package. */
  readonly installations?: readonly string[];
}

/** Opens the trunk's copy in another store. */
type OpenPlace = RepositoryOptions["openPlace"];

const defaultMemorySizeBytes = 2 ** 25;

/** Opens the trunk that a URL names. Its backend is loaded now, and no other. */
export async function openUrl(url: string, options: OpenUrlOptions): Promise<Session> {
  // Not before a URL is to be opened: a program that brings its own backend starts sooner without.
  const [{ openLocation, openPlace }, { retry, scope }] = await Promise.all([
    import("@trunks/location"),
    import("@trunks/layers"),
  ]);
  const { settings, installations } = options;
  const how = { environment: environment(), settings, installations };
  const opened = await openLocation(url, how);
  const place = async (mirror: Place) => {
    const found = await openPlace(mirror, how);
    return retry(scope(found.backend, found.prefix));
  };
  try {
    return await openSession(retry(scope(opened.backend, opened.prefix)), options, place);
  } catch (error) {
    await opened.backend.close();
    throw error;
  }
}

/** Reads the trunk whose keys these are, and stands on a branch of it. */
export async function openSession(backend: Backend, options: OpenOptions, openPlace?: OpenPlace): Promise<Session> {
  const variables = environment();
  const author = options.author ?? defaultIdentity("AUTHOR", variables);
  const committer = options.committer ?? options.author ?? defaultIdentity("COMMITTER", variables);
  const { branch, memorySizeBytes = defaultMemorySizeBytes, warn = emitWarning, signal } = options;
  if (branch !== undefined) checkBranchName(branch);
  const repository = new Repository(backend, { cache: options.cache, openPlace, warn });
  let ahead: SegmentsAhead | undefined;
  const onCold = () => {
    ahead = new SegmentsAhead(backend);
  };
  try {
    const state = (await repository.read({ signal, onCold })) ?? (await create(repository, options));
    const session = new Session(repository, state, { branch, author, committer, memorySizeBytes, warn, ahead });
    const tip = session.remoteTip;
    if (tip === undefined && branch !== undefined && state.refs.size > 0) throw noBranch(branch);
    await session.moveTo(tip, tip, { signal });
    return session;
  } catch (error) {
    ahead?.close();
    throw error;
  }
}

async function create(repository: Repository, options: OpenOptions): Promise<State> {
  if (!options.create) {
    throw new TrunksError("NOT_FOUND", "there is no trunk here", {
      hint: "check the URL, or say `{ create: true }` to make one",
    });
  }
  const objects = options.create === true ? "sha1" : options.create;
  return repository.create({ objects, signal: options.signal });
}
