import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { repoOptions, withRepos } from "../trunk/repo-store.ts";
import { requiredName } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME --default-branch BRANCH [--storage STORAGE]"],
  description: ["Makes another branch the default one: the branch that HEAD names, and that clones check out."],
  options: {
    name: { value: "NAME", help: "the repository; the same as the word" },
    "default-branch": { value: "BRANCH", help: "what HEAD shall name" },
    ...repoOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "repository");
    const defaultBranch = args.text("default-branch");
    if (defaultBranch === undefined) throw new UsageError("--default-branch BRANCH is missing");
    return withRepos(context, async (repos) => {
      const repo = await repos.update({ name, defaultBranch, signal });
      output.answer(repo, `${name}: the default branch is ${repo.default_branch}`);
      return exitStatus.ok;
    });
  },
};
