import { TrunksError } from "@trunks/core";
import {
  checkStorageName,
  parseLocation,
  redactUrl,
  resolveStorage,
  type Settings,
  trunkPrefix,
} from "@trunks/location";
import { type Command, type Context, exitStatus } from "../command.ts";
import { offerHelper } from "../git/offer-helper.ts";
import { isTrunkUrl, type Remote, remotes } from "../git/trunk-remote.ts";
import { defaultName, ensureSettings, findWorkingCopy, readSettings, requireWorkingCopy } from "../git/working-copy.ts";
import { git } from "../helper/git.ts";
import { withEnvironment } from "../storage/answer.ts";
import { bareStorage, connectionOptions, storageFrom, storageOptions } from "../storage/options.ts";
import { probeStorage } from "../storage/probe.ts";

export const command: Command = {
  usage: ["[--name NAME] [--storage STORAGE] [--url URL [STORE OPTIONS]] [--install-helper]"],
  description: [
    "Works in the git repository around, or makes one here. Writes this clone's settings to .trunks, excluded from git, and sets up trunks://STORAGE/NAME as the remote origin, or trunks if there is an origin already. The first push of each new branch sets its upstream. With --url the store is tried out and saved as well, as by `trunks storage add`. May be run again.",
  ],
  options: {
    name: { value: "NAME", help: "the repository's name in its storages (default: its folder's)" },
    storage: { value: "STORAGE", help: "the storage to use (default: primary)" },
    url: storageOptions.url,
    ...connectionOptions,
    "install-helper": { help: "put git's helper into ~/.local/bin" },
  },
  async run(context) {
    const { arguments: args, output } = context;
    const { settings, path, remote } = await setUp(context);
    const name = settings.repository;
    const location = parseLocation(remote.url);
    const storage = location.kind === "storage" ? location.storage : undefined;
    const helper = await offerHelper(args.flag("install-helper"), output);
    const answer = { object: "repository", name, storage: storage ?? null, remote, settings_path: path };
    output.answer(
      { ...answer, helper_path: helper ?? null },
      `${name}: the remote ${remote.name} is ${redactUrl(remote.url)}`,
    );
    if (!output.json) for (const hint of hints(settings, storage, remote)) output.note(`hint: ${hint}`);
    return exitStatus.ok;
  },
};

async function setUp(
  context: Context,
): Promise<{ readonly settings: Settings; readonly path: string; readonly remote: Remote }> {
  const { arguments: args } = context;
  const existing = await findWorkingCopy();
  const before = await readSettings(existing);
  const name = args.text("name");
  if (before !== undefined && name !== undefined && name !== before.repository) throw renamed(before, name);
  const storage = args.text("storage") ?? before?.defaultStorage ?? "primary";
  checkStorageName(storage);
  if (name !== undefined) trunkPrefix(name);
  const saved = await tryStore(context, storage, before);
  if (existing === undefined) await git(["init", "--quiet"]);
  const copy = existing ?? (await requireWorkingCopy());
  const file = await ensureSettings(copy, name ?? defaultName(copy));
  const settings = await file.update((current) => withStorage(current, storage, saved));
  const keep = args.text("storage") === undefined && saved === undefined;
  const remote = await setRemote(`trunks://${storage}/${settings.repository}`, keep);
  await git(["config", "push.autoSetupRemote", "true"]);
  return { settings, path: file.path, remote };
}

/** What is left for the user to do. */
function* hints(settings: Settings, storage: string | undefined, { name }: Remote): Generator<string> {
  if (name !== "origin") {
    yield `\`git push ${name}\` pushes there; \`git config remote.pushDefault ${name}\` makes it the default`;
  }
  if (storage !== undefined && resolveStorage(storage, settings.storages, process.env) === undefined) {
    yield `say where ${storage} is: \`trunks storage add --name ${storage} --url s3://bucket/path\``;
  }
}

/** The store that the command line describes, tried out; `undefined` when it describes none. */
async function tryStore({ arguments: args, verbose, signal }: Context, name: string, settings: Settings | undefined) {
  const url = args.text("url");
  if (url === undefined) return undefined;
  if (settings !== undefined && Object.hasOwn(settings.storages, name)) {
    throw new TrunksError("ALREADY_EXISTS", `there is a storage called ${name} already`, {
      hint: `\`trunks storage update ${name}\` changes it`,
    });
  }
  const storage = await storageFrom(args, bareStorage(url));
  await probeStorage(withEnvironment(name, storage, settings?.storages ?? {}), { verbose, signal });
  return storage;
}

function withStorage(settings: Settings, name: string, storage: Settings["storages"][string] | undefined): Settings {
  if (storage === undefined) return settings;
  const storages = { ...settings.storages, [name]: storage };
  return { ...settings, storages, defaultStorage: settings.defaultStorage ?? name };
}

/** Makes `url` a remote. With `keep`, a remote that is a trunk already will do. */
async function setRemote(url: string, keep: boolean): Promise<Remote> {
  const all = await remotes();
  const there =
    all.find((remote) => remote.url === url) ?? (keep ? all.find((remote) => isTrunkUrl(remote.url)) : undefined);
  if (there !== undefined) return there;
  const name = ["origin", "trunks"].find((candidate) => !all.some((remote) => remote.name === candidate));
  if (name === undefined) {
    throw new TrunksError("ALREADY_EXISTS", "there are remotes called origin and trunks already", {
      hint: `git remote add NAME ${url}`,
    });
  }
  await git(["remote", "add", name, url]);
  return { name, url };
}

function renamed(settings: Settings, name: string): TrunksError {
  return new TrunksError("ALREADY_EXISTS", `this clone is of ${settings.repository}, not of ${name}`, {
    hint: "leave out --name, or make another clone",
  });
}
