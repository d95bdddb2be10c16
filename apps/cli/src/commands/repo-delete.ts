import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { ask, isAttended } from "../terminal/ask.ts";
import { repoOptions, withRepos } from "../trunk/repo-store.ts";
import { requiredName } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME --yes [--storage STORAGE]"],
  description: [
    "Deletes a repository from its storage, with its whole history. Nothing brings it back but a clone. Asks for its name on a terminal; elsewhere --yes is needed. One that was interrupted is ended by another.",
  ],
  options: {
    name: { value: "NAME", help: "the repository; the same as the word" },
    yes: { help: "do not ask" },
    ...repoOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "repository");
    if (!args.flag("yes")) {
      if (output.json || !isAttended()) throw new UsageError(`--yes is missing: ${name} would be gone for good`);
      if ((await ask(`Type ${name} to delete it for good: `)) !== name) {
        output.note("nothing was deleted");
        return exitStatus.failure;
      }
    }
    return withRepos(context, async (repos) => {
      await repos.delete({ name, signal });
      output.answer({ object: "repository", name, deleted: true }, `deleted ${name}`);
      return exitStatus.ok;
    });
  },
};
