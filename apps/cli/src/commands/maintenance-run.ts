import { isTrunksError } from "@trunks/core";
import { type Command, exitStatus } from "../command.ts";
import { writeLastMaintenance } from "../maintenance/last-maintenance.ts";
import { graceOptions, maintain, mebibytes } from "../maintenance/maintenance.ts";
import { duration } from "../terminal/duration.ts";
import { openTrunk } from "../trunk/open-trunk.ts";
import { findTarget } from "../trunk/trunk-target.ts";

export const command: Command = {
  usage: ["[REMOTE|URL] [--grace TIME] [--force]"],
  description: [
    "Makes few large packs of many small ones, and deletes what nobody has needed for the grace time. Pushes and fetches go on meanwhile; a run may be ended at any time, and two may run at once. What only deleted branches reached stays: that is what `check --remote --clean` is for.",
    "After pushes this runs by itself in the background, unless `git config trunks.maintenance false` says that it shall not.",
  ],
  options: graceOptions,
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const graceMs = duration(args, "grace");
    const { url, gitDir, commonDir } = await findTarget(context);
    const trunk = await openTrunk(url, { gitDir, verbose, signal });
    const finished = (message: string) => ({
      finished_at: new Date().toISOString(),
      url: trunk.redactedUrl,
      ok: message === "",
      message,
    });
    try {
      const done = await maintain(trunk, { graceMs, force: args.flag("force"), output, signal });
      if (commonDir !== undefined) await writeLastMaintenance(commonDir, finished(""));
      output.answer({ object: "maintenance", trunk: trunk.name, url: trunk.redactedUrl, ...done }, [
        `${trunk.name} at ${trunk.redactedUrl}: ${done.merged_packs} packs (${mebibytes(done.merged_bytes)} MiB) became ${done.written_packs} (${mebibytes(done.written_bytes)} MiB)`,
        `${done.deleted_files} files (${mebibytes(done.deleted_bytes)} MiB) were deleted`,
      ]);
      return exitStatus.ok;
    } catch (error) {
      const message = isTrunksError(error) ? error.message : "a fault of this program";
      if (commonDir !== undefined) await writeLastMaintenance(commonDir, finished(message));
      throw error;
    } finally {
      await trunk.close();
    }
  },
};
