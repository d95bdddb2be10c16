import { type Backend, type BackendModule, type RequestOptions, TrunksError } from "@trunks/core";
import type { Settings } from "@trunks/location";
import {
  type ObjectFormat,
  type Place,
  prepare,
  Repository,
  type RepositoryOptions,
  SegmentsAhead,
  type State,
  type StateCache,
} from "@trunks/repo/client";
import { checkBranchName, noBranch } from "./branches.ts";
import { defaultIdentity, type Identity } from "./identity.ts";
import { emitWarning, environment } from "./platform.ts";
import { Session, type SessionOptions } from "./session.ts";

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
  /** Files of this size in bytes and above are pushed in chunks: of a new version only what is new is uploaded. Default 8 MiB. */
  readonly chunkThresholdBytes?: number;
  /**
   * Whether a push makes few packs of many small ones when that is due, behind its answer and beside what comes next: once in
   * some 64 pushes, of up to 16 MiB. `close` waits for it. With `never` it is left to `maintain`, or to others who push. Default
   * `after-push`.
   */
  readonly maintenance?: "after-push" | "never";
  /** Keeps what is known of the trunk between processes, which saves a round trip. Default: nothing is kept. */
  readonly cache?: StateCache;
  /** Is told, in a sentence each, what a user should know and no failure says. Default: the process's own warnings. */
  readonly warn?: (message: string) => void;
  /** What stands for the process's environment. Default: the process's; a Worker has none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** How a trunk is found and worked on. */
export interface OpenUrlOptions extends OpenOptions {
  /** Knows the storages that `trunks://` URLs name, beside what the environment says of them. */
  readonly settings?: Settings;
  /** Folders beside and above which a backend's package may be installed. Default: those of this package. */
  readonly installations?: readonly string[];
  /**
   * Backends at hand, as `import * as s3 from "@trunks/backend-s3"` gives them: they open the URLs of their schemes, and none
   * is looked for. A program that is bundled needs it, since no package can be found from within a bundle.
   */
  readonly backends?: readonly BackendModule[];
}

/** Where storages and backends are looked for. */
export type Surroundings = Pick<OpenUrlOptions, "environment" | "installations" | "backends">;

/** The same with nothing left open. */
export function surroundingsOf({ environment: given, installations, backends }: Surroundings) {
  return { environment: given ?? environment(), installations, backends };
}

/** Opens the trunk's copy in another store. */
type OpenPlace = RepositoryOptions["openPlace"];

const defaultMemorySizeBytes = 2 ** 25;

/** Opens the trunk that a URL names. Its backend is loaded now, and no other. */
export async function openUrl(url: string, options: OpenUrlOptions): Promise<Session> {
  const { backend, openPlace } = await locate(url, options);
  try {
    return await openSession(backend, options, openPlace);
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** The same for its refs alone: stands on no branch, and reads no object. */
export async function openUrlRefs(url: string, options: OpenUrlOptions): Promise<Session> {
  const { backend, openPlace } = await locate(url, options);
  const repository = new Repository(backend, { cache: options.cache, openPlace, warn: options.warn ?? emitWarning });
  try {
    return await openRefs(repository, options);
  } catch (error) {
    await repository.close();
    throw error;
  }
}

/** Reads the refs of a trunk. */
export async function openRefs(repository: Repository, options: OpenOptions): Promise<Session> {
  const state = (await repository.read({ signal: options.signal })) ?? (await create(repository, options));
  return new Session(repository, state, { ...sessionOptions(options), standing: false });
}

/** What a session is told by whoever opens it. */
export function sessionOptions(options: OpenOptions): SessionOptions {
  const variables = options.environment ?? environment();
  return {
    author: options.author ?? defaultIdentity("AUTHOR", variables),
    committer: options.committer ?? options.author ?? defaultIdentity("COMMITTER", variables),
    memorySizeBytes: options.memorySizeBytes ?? defaultMemorySizeBytes,
    chunkThresholdBytes: options.chunkThresholdBytes,
    maintenance: options.maintenance,
    warn: options.warn ?? emitWarning,
  };
}

async function locate(url: string, options: OpenUrlOptions) {
  // Not before a URL is to be opened: a program that brings its own backend starts sooner without.
  const [{ openLocation }, { retry, scope }] = await Promise.all([
    import("@trunks/location/open"),
    import("./layers.ts"),
  ]);
  const how = { ...surroundingsOf(options), settings: options.settings };
  const opened = await openLocation(url, how);
  const openPlace = async (mirror: Place) => {
    const location = await import("@trunks/location");
    const found = await location.openPlace(mirror, how);
    return retry(scope(found.backend, found.prefix));
  };
  return { backend: retry(scope(opened.backend, opened.prefix)), openPlace };
}

/** Reads the trunk whose keys these are, and stands on a branch of it. */
export async function openSession(backend: Backend, options: OpenOptions, openPlace?: OpenPlace): Promise<Session> {
  const { branch, signal } = options;
  const told = sessionOptions(options);
  if (branch !== undefined) checkBranchName(branch);
  const repository = new Repository(backend, { cache: options.cache, openPlace, warn: told.warn });
  let ahead: SegmentsAhead | undefined;
  const onCold = () => {
    ahead = new SegmentsAhead(backend);
    prepare();
  };
  try {
    const state = (await repository.read({ signal, onCold })) ?? (await create(repository, options));
    const session = new Session(repository, state, { ...told, branch, ahead });
    await standOn(session, branch, { signal });
    return session;
  } catch (error) {
    ahead?.close();
    throw error;
  }
}

/** Stands on the trunk's last commit of the session's branch. Throws `NOT_FOUND` when a branch is named that there is not. */
export async function standOn(session: Session, named: string | undefined, options: RequestOptions): Promise<void> {
  const tip = session.remoteTip;
  if (tip === undefined && named !== undefined && session.state.refs.size > 0) throw noBranch(named);
  await session.moveTo(tip, tip, options);
}

async function create(repository: Repository, options: OpenOptions): Promise<State> {
  if (!options.create) {
    throw new TrunksError("NOT_FOUND", "there is no trunk here", {
      hint: "check the URL; the first `git push` makes one, and so does `{ create: true }`",
    });
  }
  const objects = options.create === true ? "sha1" : options.create;
  return repository.create({ objects, signal: options.signal });
}
