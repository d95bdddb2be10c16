import type { TrunksError } from "@trunks/core";
import { resolveStorage } from "@trunks/location";
import { reportMirrors, type State, syncMirror } from "@trunks/repo";
import { listPage } from "@trunks/sdk/list-answer";
import { type Command, exitStatus } from "../command.ts";
import { readSettings, requireWorkingCopy } from "../git/working-copy.ts";
import { storageName, storageOptions } from "../storage/options.ts";
import { copyProgress, mirrorAnswer, mirrorOf, mirrorText, mirrorTo, requireOwnTrunk } from "../trunk/mirror-trunk.ts";

export const command: Command = {
  usage: ["[NAME]"],
  description: [
    "Copies to a mirror what it lacks, and goes on where it was interrupted before; without a name, to all of them. What is copied is checked by its digest. Fails when one cannot be brought up.",
  ],
  options: { name: storageOptions.name },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const copy = await requireWorkingCopy();
    const settings = await readSettings(copy);
    const trunk = await requireOwnTrunk(copy, settings, context);
    try {
      const { repository } = trunk;
      const name = storageName(args);
      const state = await repository.read({ signal, mirrors: false });
      const known = [...(state?.map.mirrors.keys() ?? [])];
      const failures: TrunksError[] = [];
      const added =
        name !== undefined && !known.includes(name)
          ? resolveStorage(name, settings?.storages ?? {}, process.env)
          : undefined;
      if (name !== undefined && added !== undefined) {
        await mirrorTo(trunk, copy, mirrorOf(name, added, "strict", trunk), context);
      }
      for (const one of added === undefined ? (name === undefined ? known : [name]) : []) {
        const progress = copyProgress(one, output.live);
        await syncMirror(repository, one, { signal, progress: progress.step }).catch((error) => failures.push(error));
        progress.end();
      }
      const reports = await reportMirrors(repository, repository.known as State, { signal });
      const answers = reports.filter((report) => name === undefined || report.name === name).map(mirrorAnswer);
      const [failure] = failures;
      if (failure !== undefined) throw failure;
      output.answer(
        listPage(answers),
        answers.length === 0 ? "the trunk has no mirrors" : answers.map((one) => `${one.name}: ${mirrorText(one)}`),
      );
      return exitStatus.ok;
    } finally {
      await trunk.close();
    }
  },
};
