import { type Command, exitStatus } from "../command.ts";
import { table } from "../output.ts";
import { requireStorage, storageAnswer } from "../storage-answer.ts";
import { storageName, storageOptions } from "../storage-options.ts";
import { findWorkingCopy, readSettings } from "../working-copy.ts";

export const command: Command = {
  usage: ["[NAME]"],
  description: ["Without a name, the default storage."],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run({ arguments: args, output }) {
    const settings = await readSettings(await findWorkingCopy());
    const { name, storage } = requireStorage(storageName(args), settings);
    const answer = storageAnswer(name, storage, settings);
    const rows = [
      ["name", name],
      ["url", answer.url],
      ...Object.entries({ ...answer.options, ...answer.secrets }),
      ...(answer.mirror ? [["mirror", "yes"]] : []),
      ...(answer.default ? [["default", "yes"]] : []),
    ];
    output.answer(answer, table(rows));
    return exitStatus.ok;
  },
};
