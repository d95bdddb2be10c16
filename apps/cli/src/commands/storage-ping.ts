import { type Command, exitStatus } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { requireStorage } from "../storage/answer.ts";
import { storeFindings, warnings } from "../storage/finding.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { pingStorage } from "../storage/probe.ts";
import { mirrorText, ownMirrors } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["[NAME]"],
  description: [
    "Without a name, the default storage. Reads one key that need not exist, and how the store is set up where it can tell; writes nothing. Of a mirror it also tells how far it is behind.",
  ],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const copy = await findWorkingCopy();
    const settings = await readSettings(copy);
    const { name, storage } = requireStorage(storageName(args), settings);
    const elapsedMs = Math.round(await pingStorage(storage, { verbose, signal }));
    const findings = await storeFindings(storage, signal);
    const mirror = (await ownMirrors(copy, settings, context)).find((one) => one.name === name);
    const extra = mirror === undefined ? {} : { mirror_state: mirror };
    const answer = { object: "ping", storage: name, elapsed_ms: elapsedMs, findings, ...extra };
    const standing = mirror === undefined ? "" : `; it is a mirror: ${mirrorText(mirror)}`;
    output.answer(answer, `${name} answers in ${elapsedMs} ms${standing}`);
    if (!output.json) for (const line of warnings(findings)) output.note(line);
    return exitStatus.ok;
  },
};
