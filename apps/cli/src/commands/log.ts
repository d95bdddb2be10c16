import { listPage } from "@trunks/sdk/list-answer";
import type { Command } from "../command.ts";
import { readCommits } from "../git/commits.ts";
import { runGit } from "../git/run-program.ts";

export const command: Command = {
  usage: ["[GIT OPTIONS]"],
  description: [
    "Runs git log with everything that follows. With --json the commits are a list; git's own -n and --skip page it.",
  ],
  passThrough: true,
  async run({ arguments: { words }, output }) {
    if (!output.json) return runGit(["log", ...words], output);
    output.answer(listPage(await readCommits(words)), []);
    return 0;
  },
};
