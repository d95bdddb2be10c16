import type { Settings } from "@trunks/location";
import { namedStorage } from "@trunks/location";
import { storageNames } from "@trunks/sdk";
import { type Command, exitStatus } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { foundMirror, requireStorage, type StorageAnswer, withMirror } from "../storage/answer.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { table } from "../terminal/output.ts";
import { type MirrorAnswer, mirrorText, ownMirrors } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["[NAME]"],
  description: ["Without a name, the default storage."],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output } = context;
    const copy = await findWorkingCopy();
    const settings = await readSettings(copy);
    const mirrors = await ownMirrors(copy, settings, context);
    const answer = answerOf(storageName(args), settings, mirrors);
    const rows = [
      ["name", answer.name],
      ["url", answer.url],
      ...Object.entries({ ...answer.options, ...answer.secrets }),
      ...(answer.mirror ? [["mirror", answer.mirror_state ? mirrorText(answer.mirror_state) : "yes"]] : []),
      ...(answer.default ? [["default", "yes"]] : []),
    ];
    output.answer(answer, table(rows));
    return exitStatus.ok;
  },
};

function answerOf(
  name: string | undefined,
  settings: Settings | undefined,
  mirrors: readonly MirrorAnswer[],
): StorageAnswer {
  const found = mirrors.find((mirror) => mirror.name === name);
  if (found !== undefined && !storageNames(settings, process.env).includes(found.name)) return foundMirror(found);
  const known = requireStorage(name, settings);
  return withMirror(namedStorage(known.name, known.storage, settings), mirrors);
}
