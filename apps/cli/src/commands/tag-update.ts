import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { withTrunkCommit } from "../trunk/trunk-commit.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME [--to REF] [-m MESSAGE]"],
  description: [
    "Points a tag of the trunk to another commit, or gives it a message. Clones that have the tag keep the old one until they fetch it with --force.",
  ],
  options: {
    name: { value: "NAME", help: "the tag; the same as the word" },
    to: { value: "REF", help: "what is tagged (default: what is tagged already)" },
    message: { value: "MESSAGE", short: "m", help: "what it says (default: nothing: a plain tag)" },
    ...resourceOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "tag");
    const [wanted, message] = [args.text("to"), args.text("message")];
    if (wanted === undefined && message === undefined) throw new UsageError("--to REF or -m MESSAGE is missing");
    return withTrunks(context, async (trunks) => {
      const change = (to: string | undefined) => trunks.tags.update({ name, to, message, signal });
      const tag = wanted === undefined ? await change(undefined) : await withTrunkCommit(wanted, context, change);
      output.answer(tag, `${name} is at ${tag.target_id.slice(0, 12)} in the trunk now`);
      return exitStatus.ok;
    });
  },
};
