import { TrunksError } from "@trunks/core";
import { checkStorageName, isGitMirrorUrl, namedStorage } from "@trunks/location";
import type { Mirror } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { ensureSettings, readSettings, requireWorkingCopy } from "../git/working-copy.ts";
import { withEnvironment } from "../storage/answer.ts";
import { storeFindings, warnings } from "../storage/finding.ts";
import {
  bareStorage,
  mirrorMode,
  secretsHelp,
  storageFrom,
  storageName,
  storageOptions,
  storageUrl,
} from "../storage/options.ts";
import { probeStorage } from "../storage/probe.ts";
import { askForStorage } from "../storage/wizard.ts";
import { makeMirror } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: [
    "NAME --backend KIND [OPTIONS]",
    "NAME --url URL [OPTIONS]",
    "NAME --backend git --url URL --mirror [--token -]",
    "(on a terminal, asks for what is missing)",
  ],
  description: [
    "Proves first that the store can be read, created in once and only once, listed and deleted from. Secrets stay in this clone's settings (.trunks, readable by you alone) and are never written to the store.",
    secretsHelp,
    "With --mirror everything is copied there at once, and the trunk names it from then on: every push, from every clone, must reach it, or with --mirror=lagging reaches it later.",
    "A mirror of the kind git is a repository on a Git host, or anywhere that git pushes to: it gets branches and tags. Without --token git's own credential helpers log in.",
  ],
  options: storageOptions,
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: given, output, verbose, signal } = context;
    const copy = await requireWorkingCopy();
    const args = await askForStorage(given);
    const name = storageName(args);
    if (name === undefined) throw new UsageError("--name is missing");
    checkStorageName(name);
    const url = storageUrl(args);
    if (url === undefined) throw new UsageError("--backend or --url is missing");
    const mode = mirrorMode(args);
    const isGit = isGitMirrorUrl(url);
    if (isGit && (mode === undefined || args.flag("default"))) {
      throw new UsageError("a Git repository holds no trunk: it can be a mirror only", "add --mirror");
    }
    const storage = await storageFrom(args, { ...bareStorage(url), ...(mode !== undefined && { mirror: true }) });
    const known = (await readSettings(copy))?.storages ?? {};
    if (Object.hasOwn(known, name)) throw taken(name);
    const complete = withEnvironment(name, storage, known);
    await probeStorage(complete, { verbose, signal });
    const file = await ensureSettings(copy);
    const settings = await file.update((before) => {
      if (Object.hasOwn(before.storages, name)) throw taken(name);
      const isDefault = args.flag("default") || (before.defaultStorage === undefined && storage.mirror !== true);
      return {
        ...before,
        storages: { ...before.storages, [name]: storage },
        ...(isDefault && { defaultStorage: name }),
      };
    });
    const isMirror = mode !== undefined && (await makeMirror(copy, settings, name, mode, context));
    const answer = namedStorage(name, storage, settings);
    const copied = mode === undefined ? "" : isMirror ? `; it is a ${mode} mirror now` : notYet(name, mode);
    const proved = isGit ? "takes pushes" : "keeps its promises";
    output.answer(answer, `added ${name}: ${answer.url} ${proved}${copied}`);
    for (const line of warnings(await storeFindings(complete, signal))) output.note(line);
    return exitStatus.ok;
  },
};

/** For a mirror that was added before there is a trunk. */
function notYet(name: string, mode: Mirror["mode"]): string {
  return `; when there is a primary, \`trunks storage update ${name} --mirror=${mode}\` copies the trunk`;
}

function taken(name: string): TrunksError {
  return new TrunksError("ALREADY_EXISTS", `there is a storage called ${name} already`, {
    hint: `\`trunks storage update ${name}\` changes it`,
  });
}
