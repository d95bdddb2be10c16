import { isDeepStrictEqual } from "node:util";
import { TrunksError } from "@trunks/core";
import { isGitMirrorUrl, namedStorage, optionName, type Storage } from "@trunks/location";
import type { Mirror } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { readSettings, requireSettings, requireWorkingCopy, type WorkingCopy } from "../git/working-copy.ts";
import { requireStored, withEnvironment } from "../storage/answer.ts";
import { mirrorMode, secretsHelp, storageFrom, storageName, storageOptions, storageUrl } from "../storage/options.ts";
import { probeStorage } from "../storage/probe.ts";
import { makeMirror, mirrorTo, openOwnTrunk, shownBy } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["NAME [OPTIONS]"],
  description: [
    "What is not named stays as it is. The store is tried out before anything is saved.",
    "--mirror=lagging lets pushes go on without a mirror that is away, and --mirror=strict asks for it again; neither needs the store for that.",
    secretsHelp,
  ],
  options: {
    ...storageOptions,
    unset: { value: "KEY", multiple: true, help: "forget an option or a secret: region, secret-key, mirror, …" },
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const name = storageName(args);
    if (name === undefined) throw new UsageError("the storage's name is missing");
    const mode = mirrorMode(args);
    const copy = await requireWorkingCopy();
    const before = await readSettings(copy);
    const isStored = Object.hasOwn(before?.storages ?? {}, name);
    const hasChanged = mode !== undefined && (await changeMode(context, copy, name, mode));
    if (hasChanged && !isStored) {
      output.answer({ object: "storage", name, mirror: true }, `updated ${name}: it is a ${mode} mirror now`);
      return exitStatus.ok;
    }
    const file = await requireSettings();
    const settings = await file.read();
    const saved = requireStored(name, settings);
    const stored = without(saved, args.texts("unset"));
    const url = storageUrl(args, stored.url) ?? stored.url;
    const changed = await storageFrom(args, { ...stored, url, ...(mode !== undefined && { mirror: true }) });
    // Who only says how much is asked of a mirror need not reach it.
    const isSame = isDeepStrictEqual({ ...changed, mirror: true }, { ...saved, mirror: true });
    if (!hasChanged || !isSame) {
      await probeStorage(withEnvironment(name, changed, settings.storages), { verbose, signal });
    }
    const updated = await file.update((current) => {
      if (!isDeepStrictEqual(requireStored(name, current), saved)) throw changedMeanwhile(name);
      return {
        ...current,
        storages: { ...current.storages, [name]: changed },
        ...(args.flag("default") && { defaultStorage: name }),
      };
    });
    const isMirror = hasChanged || (mode !== undefined && (await makeMirror(copy, updated, name, mode, context)));
    const answer = namedStorage(name, changed, updated);
    const proved = isGitMirrorUrl(changed.url) ? "takes pushes" : "keeps its promises";
    const news = isMirror ? `it is a ${mode} mirror now` : `${answer.url} ${proved}`;
    output.answer(answer, `updated ${name}: ${news}`);
    return exitStatus.ok;
  },
};

/**
 * Changes how much the trunk asks of a mirror that it has already; false when it has none of that name. Throws
 * `ALREADY_EXISTS` for its primary.
 */
async function changeMode(context: Context, copy: WorkingCopy, name: string, mode: Mirror["mode"]): Promise<boolean> {
  const { signal } = context;
  const trunk = await openOwnTrunk(copy, await readSettings(copy), shownBy(context));
  try {
    const state = await trunk?.repository.read({ signal, mirrors: false });
    if (name === (state?.map.primary ?? trunk?.place)?.name) {
      throw new TrunksError("ALREADY_EXISTS", `${name} is the trunk's primary, and no mirror of itself`);
    }
    const known = state?.map.mirrors.get(name);
    if (trunk === undefined || known === undefined) return false;
    await mirrorTo(trunk, copy, { ...known, mode }, context);
    return true;
  } finally {
    await trunk?.close();
  }
}

function changedMeanwhile(name: string): TrunksError {
  return new TrunksError("CONFLICT", `another process has changed ${name} while its store was tried out`, {
    hint: `look at it with \`trunks storage show ${name}\`, and run this again`,
  });
}

function without(storage: Storage, keys: readonly string[]): Storage {
  const names = new Set(keys.flatMap((key) => [key, optionName(key)]));
  const known = new Set([...Object.keys(storage.options), ...Object.keys(storage.secrets), "mirror"]);
  for (const key of keys) {
    if (!known.has(key) && !known.has(optionName(key))) throw new UsageError(`--unset ${key}: that is not set`);
  }
  const left = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !names.has(key)));
  const mirror = storage.mirror === true && !names.has("mirror");
  return {
    url: storage.url,
    options: left(storage.options),
    secrets: left(storage.secrets),
    ...(mirror && { mirror }),
  };
}
