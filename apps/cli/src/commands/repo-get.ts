import { type Command, exitStatus } from "../command.ts";
import { table } from "../terminal/output.ts";
import { repoOptions, withRepos } from "../trunk/repo-store.ts";
import { requiredName } from "../trunk/with-trunks.ts";

export const command: Command = {
  usage: ["NAME [--storage STORAGE]"],
  description: ["Tells what a repository is and holds."],
  options: { name: { value: "NAME", help: "the repository; the same as the word" }, ...repoOptions },
  words: { least: 0, most: 1 },
  async run(context) {
    const { arguments: args, output, signal } = context;
    const name = requiredName(args, "repository");
    return withRepos(context, async (repos) => {
      const repo = await repos.get({ name, signal });
      output.answer(
        repo,
        table([
          ["name", repo.name],
          ["url", repo.url],
          ["default branch", repo.default_branch ?? ""],
          ["last commit", repo.head_id ?? "none"],
          ["branches", String(repo.branch_count)],
          ["tags", String(repo.tag_count)],
          ["objects", repo.object_format ?? ""],
        ]),
      );
      return exitStatus.ok;
    });
  },
};
