import { decodeText } from "@trunks/repo";
import type { Command } from "../command.ts";
import { runGit } from "../git/run-program.ts";
import { git } from "../helper/git.ts";
import { wholeList } from "../terminal/output.ts";

/** A changed file. */
interface ChangeAnswer {
  readonly object: "change";
  /** Git's letter: A, C, D, M, R, T, U. */
  readonly status: string;
  readonly path: string;
  /** Where a renamed or copied file was. */
  readonly source_path?: string;
}

export const command: Command = {
  usage: ["[GIT OPTIONS]"],
  description: ["Runs git diff with everything that follows. With --json the changed files are a list."],
  passThrough: true,
  async run({ arguments: { words }, output }) {
    if (!output.json) return runGit(["diff", ...words], output);
    const changes = readChanges(decodeText(await git(["diff", "--name-status", "-z", ...words])));
    output.answer(wholeList(changes), []);
    return 0;
  },
};

function readChanges(text: string): ChangeAnswer[] {
  const fields = text.split("\0").slice(0, -1);
  const changes: ChangeAnswer[] = [];
  for (let at = 0; at < fields.length; ) {
    // Renames and copies carry a percentage, and two paths.
    const status = (fields[at++] as string).charAt(0);
    const source = status === "R" || status === "C" ? fields[at++] : undefined;
    changes.push({
      object: "change",
      status,
      path: fields[at++] as string,
      ...(source !== undefined && { source_path: source }),
    });
  }
  return changes;
}
