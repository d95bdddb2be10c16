import { type Command, exitStatus, listOptions } from "../command.ts";
import { tagCells } from "../trunk/tag-cells.ts";
import { resourceOptions, withTrunks } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: ["Lists the tags of the trunk, by name."],
  options: { ...resourceOptions, ...listOptions },
  async run(context) {
    const { arguments: args, output, signal } = context;
    return withTrunks(context, async (trunks) => {
      const { data } = await trunks.tags.list({ signal });
      output.list(data, args, tagCells, "there are no tags");
      return exitStatus.ok;
    });
  },
};
