import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { requireStored } from "../storage-answer.ts";
import { storageName, storageOptions } from "../storage-options.ts";
import { remotes } from "../trunk-remote.ts";
import { requireSettings } from "../working-copy.ts";

export const command: Command = {
  usage: ["NAME"],
  description: ["Removes it from this clone's settings, secrets included. Nothing in the store is read or changed."],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output }) {
    const name = storageName(args);
    if (name === undefined) throw new UsageError("the storage's name is missing");
    const file = await requireSettings();
    await file.update((before) => {
      requireStored(name, before);
      const { [name]: _, ...storages } = before.storages;
      const { defaultStorage, ...others } = before;
      return { ...others, storages, ...(defaultStorage !== name && defaultStorage && { defaultStorage }) };
    });
    output.answer({ object: "storage", name, deleted: true }, `removed ${name}`);
    for (const remote of await remotes()) {
      if (remote.url.startsWith(`trunks://${name}/`)) output.note(`hint: the remote ${remote.name} still points to it`);
    }
    return exitStatus.ok;
  },
};
