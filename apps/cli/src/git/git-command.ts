import type { Command } from "../command.ts";
import { runGit } from "./run-program.ts";
import { requireWorkingCopy } from "./working-copy.ts";

/** A command that is git's own, run where git finds the helper. */
export function gitCommand(name: "push" | "pull" | "fetch"): Command {
  return {
    usage: ["[GIT OPTIONS]"],
    description: [`Runs git ${name} with everything that follows, and ends with its exit status.`],
    passThrough: true,
    async run({ arguments: { words }, output }) {
      await requireWorkingCopy();
      const status = await runGit([name, ...words], output);
      if (output.json) output.answer({ object: name, exit_status: status }, []);
      return status;
    },
  };
}
