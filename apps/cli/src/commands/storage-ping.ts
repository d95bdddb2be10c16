import { type Command, exitStatus } from "../command.ts";
import { requireStorage } from "../storage-answer.ts";
import { storageName, storageOptions } from "../storage-options.ts";
import { pingStorage } from "../storage-probe.ts";
import { findWorkingCopy, readSettings } from "../working-copy.ts";

export const command: Command = {
  usage: ["[NAME]"],
  description: ["Without a name, the default storage. Reads one key that need not exist; writes nothing."],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, verbose, signal }) {
    const settings = await readSettings(await findWorkingCopy());
    const { name, storage } = requireStorage(storageName(args), settings);
    const elapsedMs = Math.round(await pingStorage(storage, { verbose, signal }));
    output.answer({ object: "ping", storage: name, elapsed_ms: elapsedMs }, `${name} answers in ${elapsedMs} ms`);
    return exitStatus.ok;
  },
};
