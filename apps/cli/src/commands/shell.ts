import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { runProgram } from "../git/run-program.ts";
import { launcherFolder } from "../launcher.ts";

export const command: Command = {
  usage: [""],
  description: [
    "Starts your own shell ($SHELL) with git's helper within reach, so that plain git clone, fetch and push work in it, and ends with its exit status. TRUNKS_SHELL is set inside.",
  ],
  async run({ output }) {
    if (output.json) throw new UsageError("a shell does not speak JSON", "name a command: `trunks help` lists them");
    const interactive = process.stdin.isTTY === true;
    const shell = process.env.SHELL || (process.platform === "win32" ? process.env.COMSPEC : undefined) || "/bin/sh";
    if (interactive) output.note("git can talk to trunks in this shell; leave it with `exit`");
    const args = interactive ? await promptArguments(shell) : [];
    return runProgram(shell, args, { environment: { TRUNKS_SHELL: "1" } });
  },
};

/** What makes the prompt say where the user is. It comes behind the user's own start-up file, which may set both anew. */
async function promptArguments(shell: string): Promise<string[]> {
  const folder = await launcherFolder();
  switch (basename(shell)) {
    case "bash": {
      const file = join(folder, "bashrc");
      const lines = [
        "[ -f ~/.bashrc ] && . ~/.bashrc",
        `PATH='${folder.replaceAll("'", "'\\''")}':$PATH`,
        'PS1="(trunks) $PS1"',
      ];
      await writeFile(file, `${lines.join("\n")}\n`);
      return ["--rcfile", file];
    }
    case "fish":
      return [
        "-C",
        'functions -c fish_prompt trunks_prompt; function fish_prompt; echo -n "(trunks) "; trunks_prompt; end',
      ];
    default:
      return [];
  }
}
