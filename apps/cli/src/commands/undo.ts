import { TrunksError } from "@trunks/core";
import { planUndo, type Restoration } from "@trunks/repo";
import { UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { requireWorkingCopy } from "../git/working-copy.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { pushAuthor } from "../helper/push-author.ts";
import { isAttended } from "../terminal/ask.ts";
import { restoreOptions, restoreRefs } from "../trunk/restore-refs.ts";

export const command: Command = {
  usage: ["[ENTRY] [--dry-run] [--force] [--yes]"],
  description: [
    "Moves the trunk's refs back to what they were before its last push, whoever made it: all of them, or none. ENTRY names another push by its id, or the first digits of it, as `trunks reflog` shows them. What is undone stays in the log: undo again to take the undo back.",
    "Refuses when somebody moved one of the refs since, and when HEAD's branch would be deleted. Asks on a terminal; elsewhere the last push is undone without a question if it is your own, and another's only when it is named or with --yes. Branches of this clone stay as they are.",
  ],
  options: {
    ...restoreOptions,
    force: { help: "also move back what was moved since, and delete HEAD's branch if need be" },
    yes: { help: "do not ask" },
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, signal } = context;
    const [entryId] = args.words;
    if (entryId !== undefined && !/^[0-9a-f]{4,32}$/.test(entryId)) {
      throw new UsageError(`${JSON.stringify(entryId)} is no push's id: 4 to 32 digits, 0 to 9 and a to f`);
    }
    const decided = args.flag("yes");
    return restoreRefs(
      async ({ repository }) => {
        const restoration = await planUndo(repository, { entryId, force: args.flag("force"), signal });
        const chosen = decided || entryId !== undefined || args.flag("dry-run");
        if (!chosen && !(isAttended() && !context.output.json)) await checkOwn(restoration);
        return restoration;
      },
      context,
      () => !decided,
    );
  },
};

/** Without anybody to ask, another's push is not undone by accident. */
async function checkOwn({ source: { entry } }: Restoration): Promise<void> {
  const { gitDir } = await requireWorkingCopy();
  if (entry.author === undefined || entry.author === pushAuthor(await new LocalRepository(gitDir).settings())) return;
  throw new TrunksError("CONFLICT", `the last push is another's: ${entry.author}`, {
    hint: `trunks undo ${entry.id.slice(0, 12)}`,
  });
}
