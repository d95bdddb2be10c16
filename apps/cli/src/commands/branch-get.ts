import { type Command, exitStatus } from "../command.ts";
import { table } from "../terminal/output.ts";
import { branchAnswer, branchCells } from "../trunk/branch-answer.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME"],
  description: ["Tells what a branch is in the trunk, and how the one here stands to it."],
  options: { name: { value: "NAME", help: "the branch; the same as the word" }, ...resourceOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "branch");
    return withTrunks(context, async (_, trunk) => {
      await trunk.repository.readExisting({ signal });
      const branch = await branchAnswer(trunk, name);
      output.answer(branch, table([branchCells(branch)]));
      return exitStatus.ok;
    });
  },
};
