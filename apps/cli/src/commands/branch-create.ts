import { type Command, exitStatus } from "../command.ts";
import { branchAnswer } from "../trunk/branch-answer.ts";
import { withTrunkCommit } from "../trunk/trunk-commit.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME [--from REF]"],
  description: [
    "Makes a branch in the trunk: one small record, whatever the repository's size. It begins at a commit that the trunk has. Nothing is made here: `trunks branch switch` brings it.",
  ],
  options: {
    name: { value: "NAME", help: "the branch; the same as the word" },
    from: { value: "REF", help: "where it begins: a branch, a tag, a commit (default: what you stand on)" },
    ...resourceOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "branch");
    return withTrunks(context, async (trunks, trunk) => {
      await withTrunkCommit(args.text("from"), context, (from) => trunks.branches.create({ name, from, signal }));
      const branch = await branchAnswer(trunk, name);
      output.answer(branch, `created ${name} at ${branch.trunk_id?.slice(0, 12)} in the trunk`);
      return exitStatus.ok;
    });
  },
};
