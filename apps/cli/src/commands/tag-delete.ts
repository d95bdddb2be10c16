import { type Command, exitStatus } from "../command.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME"],
  description: [
    "Takes a tag out of the trunk; `trunks branch restore refs/tags/NAME` brings it back. The tag here stays as it is.",
  ],
  options: { name: { value: "NAME", help: "the tag; the same as the word" }, ...resourceOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "tag");
    return withTrunks(context, async (trunks) => {
      await trunks.tags.delete({ name, signal });
      output.answer({ object: "tag", name, deleted: true }, `deleted ${name} from the trunk`);
      return exitStatus.ok;
    });
  },
};
