import { type CataloguePack, compactionDue } from "@trunks/repo";
import { type Command, exitStatus } from "../command.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { readLastMaintenance } from "../maintenance/last-maintenance.ts";
import { mebibytes } from "../maintenance/maintenance.ts";
import { openTrunk } from "../trunk/open-trunk.ts";
import { findTarget } from "../trunk/trunk-target.ts";

export const command: Command = {
  usage: ["[REMOTE|URL]"],
  description: [
    "Tells how many packs the trunk has, whether there is something to be made one, how many packs wait for the end of their grace time, and how the last run of this clone ended.",
  ],
  words: { least: 0, most: 1 },
  async run(context) {
    const { output, verbose, signal } = context;
    const { url, gitDir, commonDir } = await findTarget(context);
    const trunk = await openTrunk(url, { gitDir, verbose, signal });
    try {
      const state = await trunk.repository.readExisting({ signal });
      const packs = [...state.packs.values()];
      const { segment = [], container = [], record = [], intent = [] } = Object.groupBy(packs, ({ name }) => name.kind);
      const due = compactionDue(state);
      const last = commonDir === undefined ? undefined : await readLastMaintenance(commonDir);
      const background = gitDir !== undefined && (await isBackground(gitDir));
      const answer = {
        object: "maintenance_status",
        trunk: trunk.name,
        url: trunk.redactedUrl,
        segments: segment.length,
        containers: container.length,
        inline_packs: record.length + intent.length,
        bytes: sizeOf(packs),
        retired_packs: state.retired.size,
        due,
        background,
        last_run: last ?? null,
      };
      output.answer(answer, [
        `${trunk.name} at ${trunk.redactedUrl}: ${answer.segments} segments and ${answer.inline_packs} packs in records, ${mebibytes(answer.bytes)} MiB`,
        ...(container.length === 0
          ? []
          : [`${container.length} of them hold chunks of large files: ${mebibytes(sizeOf(container))} MiB`]),
        `${answer.retired_packs} retired packs wait for the end of their grace time`,
        due ? "there are packs to be made one: trunks maintenance run" : "nothing is to be made one",
        ...(background ? [] : ["no maintenance follows this clone's pushes"]),
        ...(last === undefined
          ? []
          : [`last run of this clone: ${last.finished_at}, ${last.ok ? "fine" : last.message}`]),
      ]);
      return exitStatus.ok;
    } finally {
      await trunk.close();
    }
  },
};

async function isBackground(gitDir: string): Promise<boolean> {
  return (await new LocalRepository(gitDir).settings()).boolean("trunks.maintenance") !== false;
}

function sizeOf(packs: readonly CataloguePack[]): number {
  return packs.reduce((sum, { pack }) => sum + pack.size, 0);
}
