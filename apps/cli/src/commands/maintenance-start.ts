import { startMaintenance } from "../background-maintenance.ts";
import { type Command, exitStatus } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { requireWorkingCopy } from "../git/working-copy.ts";

export const command: Command = {
  usage: ["[REMOTE]"],
  description: [
    "Starts `maintenance run` in the background and comes back at once. `maintenance status` tells how it ended.",
  ],
  words: { least: 0, most: 1 },
  async run({ arguments: args, output }) {
    await requireWorkingCopy();
    const { name } = await findTrunkRemote(args.words[0]);
    startMaintenance(name);
    output.answer({ object: "maintenance", remote: name, started: true }, `started for ${name}`);
    return exitStatus.ok;
  },
};
