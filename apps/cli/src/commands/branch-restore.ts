import { planRestore } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { fullRef } from "../trunk/ref-update-answer.ts";
import { restoreOptions, restoreRefs } from "../trunk/restore-refs.ts";

export const command: Command = {
  usage: ["NAME [--dry-run]"],
  description: [
    "Brings a branch that was deleted back into the trunk, where it was when it was deleted. NAME may be the full name of another ref, refs/tags/v1 say. That works for as long as the log has the deletion and its commits were not collected as garbage.",
  ],
  options: { name: { value: "NAME", help: "the branch; the same as the word" }, ...restoreOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, signal } = context;
    const name = args.words[0] ?? args.text("name");
    if (name === undefined || name === "HEAD") throw new UsageError("the branch's name is missing");
    return restoreRefs(
      ({ repository }) => planRestore(repository, fullRef(name), { signal }),
      context,
      () => false,
    );
  },
};
