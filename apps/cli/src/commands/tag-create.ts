import { type Command, exitStatus } from "../command.ts";
import { withTrunkCommit } from "../trunk/trunk-commit.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME [--from REF] [-m MESSAGE]"],
  description: ["Makes a tag in the trunk, of a commit that the trunk has; with a message, an annotated one."],
  options: {
    name: { value: "NAME", help: "the tag; the same as the word" },
    from: { value: "REF", help: "what is tagged: a branch, a tag, a commit (default: what you stand on)" },
    message: { value: "MESSAGE", short: "m", help: "what it says" },
    ...resourceOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "tag");
    const message = args.text("message");
    return withTrunks(context, async (trunks) => {
      const tag = await withTrunkCommit(args.text("from"), context, (from) =>
        trunks.tags.create({ name, from, message, signal }),
      );
      output.answer(tag, `created ${name} at ${tag.target_id.slice(0, 12)} in the trunk`);
      return exitStatus.ok;
    });
  },
};
