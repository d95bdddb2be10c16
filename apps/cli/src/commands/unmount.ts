import { type Command, exitStatus } from "../command.ts";
import { launcherFolder } from "../launcher.ts";
import { unpushedLines } from "../mount/mount-answer.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: ["[FOLDER]"],
  description: [
    "Ends a mount. The folder stays with everything in it, a clone like any other; what it has and the trunk did not have when it was last heard of is listed.",
  ],
  words: { least: 0, most: 1 },
  async run({ arguments: args, output, signal }) {
    const { unmount } = await loadMountPackage();
    const [folder = "."] = args.words;
    const { path, unpushed } = await unmount({ path: folder, helperFolder: await launcherFolder(), signal });
    output.answer({ object: "mount", path, unpushed }, `${path} is a mount no more; its files stay`);
    if (!output.json) for (const line of unpushedLines(unpushed)) output.note(`only here: ${line}`);
    return exitStatus.ok;
  },
};
