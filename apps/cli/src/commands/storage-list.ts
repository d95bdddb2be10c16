import { namedStorage } from "@trunks/location";
import { storageNames } from "@trunks/sdk";
import { type Command, exitStatus, listOptions } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { foundMirror, requireStorage, withMirror } from "../storage/answer.ts";
import { mirrorText, ownMirrors } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: [
    "Lists the storages of this clone's settings, those that the environment names, and the mirrors that the trunk names, with how far each of these is behind.",
  ],
  options: listOptions,
  async run(context) {
    const { arguments: args, output } = context;
    const copy = await findWorkingCopy();
    const settings = await readSettings(copy);
    const mirrors = await ownMirrors(copy, settings, context);
    const names = storageNames(settings, process.env);
    const answers = [
      ...names.map((name) => withMirror(namedStorage(name, requireStorage(name, settings).storage, settings), mirrors)),
      ...mirrors.filter(({ name }) => !names.includes(name)).map(foundMirror),
    ];
    output.list(
      answers,
      args,
      (answer) => [
        answer.name,
        answer.url,
        [
          answer.default && "default",
          answer.mirror_state ? `mirror: ${mirrorText(answer.mirror_state)}` : answer.mirror && "mirror",
        ]
          .filter(Boolean)
          .join(", "),
      ],
      "there are no storages; `trunks storage add` adds one",
    );
    return exitStatus.ok;
  },
};
