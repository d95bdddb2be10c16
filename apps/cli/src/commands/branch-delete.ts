import { type Command, exitStatus } from "../command.ts";
import { gitLines } from "../git/working-copy.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME"],
  description: [
    "Takes a branch out of the trunk; `trunks branch restore` brings it back. The branch here stays as it is. The trunk's default branch is not deleted.",
  ],
  options: { name: { value: "NAME", help: "the branch; the same as the word" }, ...resourceOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "branch");
    return withTrunks(context, async (trunks) => {
      await trunks.branches.delete({ name, signal });
      output.answer({ object: "branch", name, deleted: true }, `deleted ${name} from the trunk`);
      const here = await gitLines(["for-each-ref", "--format=%(refname)", `refs/heads/${name}`]);
      if (here.includes(`refs/heads/${name}`)) output.note(`hint: the branch here is as it was: git branch -D ${name}`);
      return exitStatus.ok;
    });
  },
};
