import { type Command, exitStatus, listOptions } from "../command.ts";
import { compareBranches } from "../git/branch-comparison.ts";
import { branchCells } from "../trunk/branch-answer.ts";
import { resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: ["Lists the branches of the trunk and those that are only here, by name."],
  options: { ...resourceOptions, ...listOptions },
  async run(context) {
    const { arguments: args, output, signal } = context;
    return withTrunks(context, async (_, trunk) => {
      const branches = await compareBranches(await trunk.repository.readExisting({ signal }));
      output.list(branches, args, branchCells, "there are no branches");
      return exitStatus.ok;
    });
  },
};
