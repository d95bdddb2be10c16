import { redactUrl, type Settings } from "@trunks/location";
import { type Removal, removeMirror } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { remotes } from "../git/trunk-remote.ts";
import { readSettings, requireSettings, requireWorkingCopy, type WorkingCopy } from "../git/working-copy.ts";
import { requireStored } from "../storage/answer.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { openOwnTrunk } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["NAME", "NAME --only-here"],
  description: [
    "Removes it from this clone's settings, secrets included. When it is a mirror of the trunk, the trunk forgets it first, for everyone: pushes do not go there any more. What is in the store stays there.",
  ],
  options: { name: storageOptions.name, "only-here": { help: "leave the trunk as it is" } },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output } = context;
    const name = storageName(args);
    if (name === undefined) throw new UsageError("the storage's name is missing");
    const copy = await requireWorkingCopy();
    const settings = await readSettings(copy);
    const isStored = Object.hasOwn(settings?.storages ?? {}, name);
    const removal = args.flag("only-here") ? undefined : await forgetMirror(context, copy, settings, name);
    if (isStored || removal === undefined) await forgetStorage(name);
    const kept = removal && redactUrl(removal.mirror.url);
    const news = `: it is no mirror of the trunk any more; the copy in ${kept} stays there`;
    output.answer(
      { object: "storage", name, deleted: true, ...(kept && { kept_url: kept }) },
      `removed ${name}${kept ? news : ""}`,
    );
    if (removal?.untold instanceof Error) {
      const reason = redactUrl(removal.untold.message);
      output.note(`hint: ${name} could not be told: ${reason}; so it still takes itself for a mirror`);
    }
    for (const remote of await remotes()) {
      if (remote.url.startsWith(`trunks://${name}/`)) output.note(`hint: the remote ${remote.name} still points to it`);
    }
    return exitStatus.ok;
  },
};

/** Takes a mirror out of the trunk's map; `undefined`, and no request, when this clone knows of no such mirror. */
async function forgetMirror(
  { verbose, signal }: Context,
  copy: WorkingCopy,
  settings: Settings | undefined,
  name: string,
): Promise<Removal | undefined> {
  const isSaid = settings?.storages[name]?.mirror === true;
  const trunk = await openOwnTrunk(copy, settings, { verbose, signal }).catch((error) => {
    if (isSaid) throw error;
    return undefined; // A store that cannot be opened can be forgotten all the same.
  });
  try {
    const known = (await trunk?.repository.remembered())?.map.mirrors.has(name);
    const state = known || isSaid ? await trunk?.repository.read({ signal, mirrors: false }) : undefined;
    if (trunk === undefined || !state?.map.mirrors.has(name)) return undefined;
    return await removeMirror(trunk.repository, name, { signal });
  } finally {
    await trunk?.close();
  }
}

async function forgetStorage(name: string): Promise<void> {
  const file = await requireSettings();
  await file.update((before) => {
    requireStored(name, before);
    const { [name]: _, ...storages } = before.storages;
    const { defaultStorage, ...others } = before;
    return { ...others, storages, ...(defaultStorage !== name && defaultStorage && { defaultStorage }) };
  });
}
