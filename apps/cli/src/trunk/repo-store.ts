import { scope } from "@trunks/layers";
import { parseLocation, placeUrl, type Settings, type Storage, trunkPrefix } from "@trunks/location";
import { Repos } from "@trunks/sdk";
import type { Context, OptionSpec } from "../command.ts";
import { isTrunkUrl, remotes } from "../git/trunk-remote.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { requireStorage } from "../storage/answer.ts";
import { bareStorage } from "../storage/options.ts";
import { openStorage } from "./open-trunk.ts";
import { gitUser, tellWarning } from "./with-trunks.ts";

/** Options of commands for repositories. */
export const repoOptions = {
  storage: { value: "STORAGE", help: "the storage they are in (default: this clone's, else the default one)" },
  url: { value: "URL", help: "the store they are in, in place of a storage: s3://bucket/path, …" },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** In bytes; no content is ever staged by these commands. */
const memorySizeBytes = 2 ** 20;

/** Works with the repositories of a store. Throws `NOT_FOUND` when nothing says of which one. */
export async function withRepos<Answer>(
  { arguments: args, verbose, signal }: Context,
  work: (repos: Repos) => Promise<Answer>,
): Promise<Answer> {
  const copy = await findWorkingCopy();
  const url = args.text("url");
  const storage =
    url === undefined
      ? await findStorage(args.text("storage"), await readSettings(copy), copy !== undefined)
      : bareStorage(url);
  const { backend } = await openStorage(storage, { verbose, signal });
  const author = (await gitUser(copy?.gitDir)) ?? { name: "trunks", email: "" };
  const repos = new Repos(async () => ({
    backend,
    scoped: (name) => scope(backend, trunkPrefix(name)),
    url: (name) => placeUrl(storage, trunkPrefix(name)),
    session: { author, committer: author, memorySizeBytes, warn: tellWarning },
  }));
  try {
    return await work(repos);
  } finally {
    await backend.close();
  }
}

/** The storage that is named, that the clone's remote is in, or the default one. */
async function findStorage(
  name: string | undefined,
  settings: Settings | undefined,
  inClone: boolean,
): Promise<Storage> {
  if (name === undefined && inClone) {
    const remote = (await remotes()).find(({ url }) => isTrunkUrl(url));
    const location = remote === undefined ? undefined : parseLocation(remote.url);
    if (location?.kind === "url") return bareStorage(location.root.href);
    if (location !== undefined) return requireStorage(location.storage, settings).storage;
  }
  return requireStorage(name, settings).storage;
}
