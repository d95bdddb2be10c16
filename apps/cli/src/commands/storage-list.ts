import { type Command, exitStatus, listOptions } from "../command.ts";
import { requireStorage, storageAnswer, storageNames } from "../storage-answer.ts";
import { findWorkingCopy, readSettings } from "../working-copy.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: ["Lists the storages of this clone's settings, and those that the environment names."],
  options: listOptions,
  async run({ arguments: args, output }) {
    const settings = await readSettings(await findWorkingCopy());
    const answers = storageNames(settings).map((name) =>
      storageAnswer(name, requireStorage(name, settings).storage, settings),
    );
    output.list(
      answers,
      args,
      (answer) => [
        answer.name,
        answer.url,
        [answer.default && "default", answer.mirror && "mirror"].filter(Boolean).join(", "),
      ],
      "there are no storages; `trunks storage add` adds one",
    );
    return exitStatus.ok;
  },
};
