import { type Command, exitStatus, listOptions } from "../command.ts";
import { repoOptions, withRepos } from "../trunk/repo-store.ts";

export const command: Command = {
  usage: ["[--storage STORAGE] [--limit N] [--offset N]"],
  description: ["Lists the repositories of a storage, by name. They are not looked into: `trunks repo get` does that."],
  options: { ...repoOptions, ...listOptions },
  async run(context) {
    const { arguments: args, output, signal } = context;
    return withRepos(context, async (repos) => {
      const { data } = await repos.list({ signal });
      output.list(data, args, ({ name, url }) => [name, url], "there are no repositories");
      return exitStatus.ok;
    });
  },
};
