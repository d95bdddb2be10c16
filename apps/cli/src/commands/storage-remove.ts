import type { Settings } from "@trunks/location";
import { removeMirror } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import { type Command, type Context, exitStatus } from "../command.ts";
import { openOwnTrunk } from "../mirror-trunk.ts";
import { requireStored } from "../storage-answer.ts";
import { storageName, storageOptions } from "../storage-options.ts";
import { remotes } from "../trunk-remote.ts";
import { readSettings, requireSettings, requireWorkingCopy, type WorkingCopy } from "../working-copy.ts";

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
    const wasMirror = !args.flag("only-here") && (await forgetMirror(context, copy, settings, name));
    if (isStored || !wasMirror) await forgetStorage(name);
    output.answer(
      { object: "storage", name, deleted: true },
      wasMirror ? `removed ${name}: it is no mirror of the trunk any more` : `removed ${name}`,
    );
    for (const remote of await remotes()) {
      if (remote.url.startsWith(`trunks://${name}/`)) output.note(`hint: the remote ${remote.name} still points to it`);
    }
    return exitStatus.ok;
  },
};

/** Takes a mirror out of the trunk's map; false, and no request, when this clone knows of no such mirror. */
async function forgetMirror(
  { verbose, signal }: Context,
  copy: WorkingCopy,
  settings: Settings | undefined,
  name: string,
): Promise<boolean> {
  const isSaid = settings?.storages[name]?.mirror === true;
  const trunk = await openOwnTrunk(copy, settings, { verbose, signal }).catch((error) => {
    if (isSaid) throw error;
    return undefined; // A store that cannot be opened can be forgotten all the same.
  });
  try {
    const known = (await trunk?.repository.remembered())?.map.mirrors.has(name);
    const state = known || isSaid ? await trunk?.repository.read({ signal, mirrors: false }) : undefined;
    if (trunk === undefined || !state?.map.mirrors.has(name)) return false;
    await removeMirror(trunk.repository, name, { signal });
    return true;
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
