import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { repoOptions, withRepos } from "../trunk/repo-store.ts";
import { requiredName } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME [--storage STORAGE] [--default-branch BRANCH] [--object-format FORMAT]"],
  description: ["Makes an empty repository in a storage. `git push` makes one as well, where there is none."],
  options: {
    name: { value: "NAME", help: "the repository; the same as the word" },
    "default-branch": { value: "BRANCH", help: "what HEAD names (default: main)" },
    "object-format": { value: "FORMAT", help: "sha1 (default) or sha256" },
    ...repoOptions,
  },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "repository");
    const format = args.text("object-format") ?? "sha1";
    if (format !== "sha1" && format !== "sha256") throw new UsageError("--object-format takes sha1 or sha256");
    return withRepos(context, async (repos) => {
      const options = { name, objectFormat: format, defaultBranch: args.text("default-branch"), signal } as const;
      const repo = await repos.create(options);
      output.answer(repo, `created ${name}: ${repo.url}`);
      return exitStatus.ok;
    });
  },
};
