import { type Command, exitStatus } from "../command.ts";
import { launcherFolder } from "../launcher.ts";
import { journalText, unpushedLines } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: ["[FOLDER]"],
  description: [
    "Ends a mount. The folder stays with everything in it, a clone like any other; what it has and the trunk did not have when it was last heard of is listed, and so is what stays of its journal.",
  ],
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, signal }) {
    const { unmount } = await loadMountPackage();
    const [folder = "."] = args.words;
    const { path, unpushed, journal } = await unmount({ path: folder, helperFolder: await launcherFolder(), signal });
    const { mountId, days, daysInTrunk } = journal;
    const journalAnswer = { mount_id: mountId, days, days_in_trunk: daysInTrunk ?? null };
    const answer = { object: "mount", path, unpushed, journal: journalAnswer };
    output.answer(answer, `${path} is a mount no more; its files stay`);
    if (output.json) return exitStatus.ok;
    for (const line of unpushedLines(unpushed)) output.note(`only here: ${line}`);
    const left = journalText(journal);
    if (left !== undefined) output.note(left);
    return exitStatus.ok;
  },
};
