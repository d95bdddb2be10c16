import { decodeText } from "@trunks/repo";
import type { Change } from "@trunks/sdk";
import { listPage } from "@trunks/sdk/list-answer";
import type { Command } from "../command.ts";
import { runGit } from "../git/run-program.ts";
import { git } from "../helper/git.ts";

export const command: Command = {
  usage: ["[GIT OPTIONS]"],
  description: ["Runs git diff with everything that follows. With --json the changed files are a list."],
  passThrough: true,
  async run({ arguments: { words }, output }) {
    if (!output.json) return runGit(["diff", ...words], output);
    const changes = readChanges(decodeText(await git(["diff", "--raw", "-z", "--no-abbrev", ...words])));
    output.answer(listPage(changes), []);
    return 0;
  },
};

const kinds: Readonly<Record<string, Change["kind"]>> = {
  A: "added",
  C: "copied",
  D: "removed",
  M: "modified",
  R: "renamed",
  T: "retyped",
  U: "unmerged",
};

/** Source: the raw output format of git-diff. */
function readChanges(text: string): Change[] {
  const fields = text.split("\0").slice(0, -1);
  const changes: Change[] = [];
  for (let at = 0; at < fields.length; ) {
    const [oldMode = "", newMode = "", oldId = "", newId = "", status = ""] = (fields[at++] as string)
      .slice(1)
      .split(" ");
    // Renames and copies carry a percentage, and two paths.
    const kind = kinds[status.charAt(0)] ?? "modified";
    const source = kind === "renamed" || kind === "copied" ? fields[at++] : undefined;
    changes.push({
      object: "change",
      path: fields[at++] as string,
      ...(source !== undefined && { source_path: source }),
      kind,
      type: typeOf(newMode === nothing ? oldMode : newMode),
      old_mode: oldMode === nothing ? null : oldMode,
      new_mode: newMode === nothing ? null : newMode,
      old_id: idOf(oldId),
      new_id: idOf(newId),
    });
  }
  return changes;
}

const nothing = "000000";

function typeOf(mode: string): Change["type"] {
  if (mode === "120000") return "symlink";
  return mode === "160000" ? "submodule" : "file";
}

function idOf(text: string): string | null {
  return /^0+$/.test(text) ? null : text;
}
