import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { branchAnswer } from "../trunk/branch-answer.ts";
import { withTrunkCommit } from "../trunk/trunk-commit.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME --to REF"],
  description: [
    "Points a branch of the trunk to another commit that the trunk has, wherever it pointed before; `trunks undo` takes that back. The branch here stays as it is.",
  ],
  options: {
    name: { value: "NAME", help: "the branch; the same as the word" },
    to: { value: "REF", help: "where it shall point: a branch, a tag, a commit" },
    ...resourceOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "branch");
    const wanted = args.text("to");
    if (wanted === undefined) throw new UsageError("--to REF is missing");
    return withTrunks(context, async (trunks, trunk) => {
      await withTrunkCommit(wanted, context, (to) => trunks.branches.update({ name, to, signal }));
      const branch = await branchAnswer(trunk, name);
      output.answer(branch, `${name} is at ${branch.trunk_id?.slice(0, 12)} in the trunk now`);
      return exitStatus.ok;
    });
  },
};
