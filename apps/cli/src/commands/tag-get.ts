import { type Command, exitStatus } from "../command.ts";
import { table } from "../terminal/output.ts";
import { tagCells } from "../trunk/tag-cells.ts";
import { requiredName, resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME"],
  description: ["Tells what a tag of the trunk points to."],
  options: { name: { value: "NAME", help: "the tag; the same as the word" }, ...resourceOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "tag");
    return withTrunks(context, async (trunks) => {
      const tag = await trunks.tags.get({ name, signal });
      output.answer(tag, table([tagCells(tag)]));
      return exitStatus.ok;
    });
  },
};
