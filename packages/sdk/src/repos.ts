import { type Backend, compareKeys, isTrunksError, listPages, type RequestOptions, TrunksError } from "@trunks/core";
import { type ObjectFormat, type ObjectId, Repository, type RepositoryOptions, type State } from "@trunks/repo/client";
import { checkBranchName, noBranch } from "./branches.ts";
import { type ListAnswer, listPage, type PageOptions } from "./list-answer.ts";
import { publishMoves } from "./publish.ts";
import { branchPrefix, Session, type SessionOptions } from "./session.ts";

/** A repository in a storage, in the shape that the command line prints. */
export interface Repo {
  readonly object: "repository";
  /** The name in the store. */
  readonly name: string;
  /** The URL of its trunk, without secrets. */
  readonly url: string;
  /** What follows is not in lists, which look at no repository: each would cost requests. */
  readonly id?: string;
  /** By which hash its objects are named. */
  readonly object_format?: ObjectFormat;
  /** The branch that HEAD names; there need not be such a branch yet. */
  readonly default_branch?: string;
  /** The last commit of that branch; `null` when it has none. */
  readonly head_id?: ObjectId | null;
  /** How many branches it has. */
  readonly branch_count?: number;
  /** How many tags it has. */
  readonly tag_count?: number;
}

/** Which repository is meant. */
export interface RepoOptions extends RequestOptions {
  /** The repository's name in the store. */
  readonly name: string;
}

/** A new repository. */
export interface CreateRepoOptions extends RepoOptions {
  /** Default `sha1`. */
  readonly objectFormat?: ObjectFormat;
  /** Default `main`. */
  readonly defaultBranch?: string;
}

/** A store that holds repositories, and how their trunks are called in it. */
export interface RepoStore {
  /** All of the store. */
  readonly backend: Backend;
  /** The store's keys of a trunk, as a backend of its own. Throws `CONFIG_INVALID` for what is no name. */
  scoped(name: string): Backend;
  /** Where a trunk is, without secrets. */
  url(name: string): string;
  /** For its mirrors. */
  readonly options?: RepositoryOptions;
  /** Of the sessions that repositories are looked at with. */
  readonly session: SessionOptions;
}

/** Gives the store, when it is asked. */
export type OpenRepoStore = (options: RequestOptions) => Promise<RepoStore>;

/** Keys that are deleted, or listed, at once. */
const pageLimit = 1000;
/** Sorts behind all else in a trunk, and is there as long as the trunk is. */
const trunkFile = "trunk.json";

/** The repositories of a storage. */
export class Repos {
  readonly #store: OpenRepoStore;

  /** The store is asked for by each call. */
  constructor(store: OpenRepoStore) {
    this.#store = store;
  }

  /** By name. One listing for each thousand keys, and for each repository that has more: nothing is read. */
  async list(options: PageOptions & RequestOptions = {}): Promise<ListAnswer<Repo>> {
    const store = await this.#store(options);
    const names = await repoNames(store.backend, options);
    return listPage(
      names.map((name): Repo => ({ object: "repository", name, url: store.url(name) })),
      options,
    );
  }

  /** Throws `NOT_FOUND`. */
  async get({ name, signal }: RepoOptions): Promise<Repo> {
    const store = await this.#store({ signal });
    return repoOf(store, name, await repositoryOf(store, name).read({ signal }));
  }

  /** Makes an empty one. Throws `ALREADY_EXISTS`, and `CONFIG_INVALID` for what cannot be a name. */
  async create({ name, objectFormat, defaultBranch, signal }: CreateRepoOptions): Promise<Repo> {
    const store = await this.#store({ signal });
    if (defaultBranch !== undefined) checkBranchName(defaultBranch);
    const repository = repositoryOf(store, name);
    if ((await repository.read({ signal })) !== undefined) {
      throw new TrunksError("ALREADY_EXISTS", `there is a repository ${name} already`);
    }
    const state = await repository.create({ objects: objectFormat, signal });
    return repoOf(store, name, await withHead(store, repository, state, defaultBranch, { signal }));
  }

  /** Makes another branch the one that HEAD names, and that clones check out. Throws `NOT_FOUND`. */
  async update({ name, defaultBranch, signal }: RepoOptions & { readonly defaultBranch: string }): Promise<Repo> {
    const store = await this.#store({ signal });
    const repository = repositoryOf(store, name);
    const state = await repository.read({ signal });
    if (state === undefined) throw noRepo(name);
    const ref = checkBranchName(defaultBranch);
    if (state.refs.size > 0 && !state.refs.has(ref)) throw noBranch(defaultBranch);
    return repoOf(store, name, await withHead(store, repository, state, defaultBranch, { signal }));
  }

  /**
   * Deletes everything that a repository is; nothing brings it back. An interrupted one is ended by a second. Throws
   * `NOT_FOUND`, and `PRECONDITION_FAILED` while it has mirrors, which would stay.
   */
  async delete({ name, signal }: RepoOptions): Promise<void> {
    const store = await this.#store({ signal });
    const backend = store.scoped(name);
    // What an interrupted one has left cannot be read, and is deleted all the same.
    const state = await repositoryOf(store, name)
      .read({ signal, mirrors: false })
      .catch((error: unknown) => {
        if (isTrunksError(error, "CORRUPT")) return undefined;
        throw error;
      });
    if (state?.map.mirrors.size) {
      const mirrors = [...state.map.mirrors.keys()].join(", ");
      throw new TrunksError("PRECONDITION_FAILED", `${name} has mirrors: ${mirrors}`, {
        hint: `take them out first: \`trunks storage remove ${state.map.mirrors.keys().next().value}\``,
      });
    }
    if (!(await deleteAll(backend, { signal }))) throw noRepo(name);
  }
}

function repositoryOf(store: RepoStore, name: string): Repository {
  return new Repository(store.scoped(name), store.options);
}

function repoOf(store: RepoStore, name: string, state: State | undefined): Repo {
  if (state === undefined) throw noRepo(name);
  const count = (prefix: string) => [...state.refs.keys()].filter((ref) => ref.startsWith(prefix)).length;
  return {
    object: "repository",
    name,
    url: store.url(name),
    id: state.trunkId,
    object_format: state.objects,
    default_branch: state.head.replace(branchPrefix, ""),
    head_id: state.refs.get(state.head)?.id ?? null,
    branch_count: count(branchPrefix),
    tag_count: count("refs/tags/"),
  };
}

async function withHead(
  store: RepoStore,
  repository: Repository,
  state: State,
  branch: string | undefined,
  options: RequestOptions,
): Promise<State> {
  const newTarget = branchPrefix + branch;
  if (branch === undefined || state.head === newTarget) return state;
  const session = new Session(repository, state, store.session);
  await publishMoves(session, [], options, { oldTarget: state.head, newTarget });
  return session.state;
}

async function repoNames(backend: Backend, { signal }: RequestOptions): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await backend.list("trunks/", { after, limit: pageLimit, signal });
    for (const { key } of page.keys) {
      const found = /^trunks\/([^/]+)\.trunk\/trunk\.json$/.exec(key);
      if (found !== null) names.push(found[1] as string);
    }
    const last = page.keys.at(-1)?.key;
    if (!page.more || last === undefined || (after !== undefined && compareKeys(last, after) <= 0)) return names;
    // Whatever else is in this one, its last key is what is looked for.
    const folder = /^trunks\/[^/]+\.trunk\//.exec(last)?.[0];
    const near = `${folder}trunk.j`;
    after = folder !== undefined && compareKeys(near, last) > 0 ? near : last;
  }
}

/** False when there was nothing. The trunk's own file goes last, so that one knows of what is half gone. */
async function deleteAll(backend: Backend, { signal }: RequestOptions): Promise<boolean> {
  let count = 0;
  for await (const page of listPages(backend, "", { limit: pageLimit, signal })) {
    count += page.length;
    const keys = page.map(({ key }) => key).filter((key) => key !== trunkFile);
    await backend.delete(keys, { signal });
  }
  await backend.delete([trunkFile], { signal });
  return count > 0;
}

function noRepo(name: string): TrunksError {
  return new TrunksError("NOT_FOUND", `there is no repository ${JSON.stringify(name)}`, {
    hint: "`trunks repo list` lists them",
  });
}
