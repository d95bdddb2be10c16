import { TrunksError } from "@trunks/core";
import { checkStorageName, resolveStorage, type Settings, trunkPrefix } from "@trunks/location";
import { type Command, type Context, exitStatus } from "../command.ts";
import { git } from "../helper/git.ts";
import { offerHelper } from "../offer-helper.ts";
import { bareStorage, connectionOptions, storageFrom, storageOptions } from "../storage-options.ts";
import { probeStorage } from "../storage-probe.ts";
import { isTrunkUrl, type Remote, remotes } from "../trunk-remote.ts";
import { defaultName, ensureSettings, findWorkingCopy, readSettings, requireWorkingCopy } from "../working-copy.ts";

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
    const existing = await findWorkingCopy();
    const before = await readSettings(existing);
    const given = args.text("name");
    if (before !== undefined && given !== undefined && given !== before.repository) throw renamed(before, given);
    const storage = args.text("storage") ?? before?.defaultStorage ?? "primary";
    checkStorageName(storage);
    if (given !== undefined) trunkPrefix(given);
    const saved = await tryStore(context, storage, before);
    if (existing === undefined) await git(["init", "--quiet"]);
    const copy = existing ?? (await requireWorkingCopy());
    const file = await ensureSettings(copy, given ?? defaultName(copy));
    const settings = await file.update((current) => withStorage(current, storage, saved));
    const name = settings.repository;
    const keep = args.text("storage") === undefined && saved === undefined;
    const remote = await setRemote(`trunks://${storage}/${name}`, keep);
    await git(["config", "push.autoSetupRemote", "true"]);
    const helper = await offerHelper(args.flag("install-helper"), output);
    output.answer(
      { object: "repository", name, storage, remote, settings_path: file.path, helper_path: helper ?? null },
      [`${name}: the remote ${remote.name} is ${remote.url}`],
    );
    if (output.json) return exitStatus.ok;
    if (remote.name !== "origin") {
      output.note(
        `hint: \`git push ${remote.name}\` pushes there; \`git config remote.pushDefault ${remote.name}\` makes it the default`,
      );
    }
    if (resolveStorage(storage, settings.storages, process.env) === undefined && remote.url.startsWith("trunks://")) {
      output.note(`hint: say where ${storage} is: \`trunks storage add --name ${storage} --url s3://bucket/path\``);
    }
    return exitStatus.ok;
  },
};

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
  await probeStorage(storage, { verbose, signal });
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
