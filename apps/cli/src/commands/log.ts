import { decodeText } from "@trunks/repo";
import type { Command } from "../command.ts";
import { runGit } from "../git/run-program.ts";
import { git } from "../helper/git.ts";
import { wholeList } from "../terminal/output.ts";

/** A commit as git's log tells it. */
interface CommitAnswer {
  readonly object: "commit";
  readonly id: string;
  readonly parents: readonly string[];
  readonly author: { readonly name: string; readonly email: string; readonly date: string };
  readonly committer: { readonly name: string; readonly email: string; readonly date: string };
  readonly message: string;
}

export const command: Command = {
  usage: ["[GIT OPTIONS]"],
  description: [
    "Runs git log with everything that follows. With --json the commits are a list; git's own -n and --skip page it.",
  ],
  passThrough: true,
  async run({ arguments: { words }, output }) {
    if (!output.json) return runGit(["log", ...words], output);
    const commits = await readLog(words);
    output.answer(wholeList(commits), []);
    return 0;
  },
};

async function readLog(words: readonly string[]): Promise<CommitAnswer[]> {
  const fields = ["%H", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"];
  // Fields end in NUL, and so does git's own separator under -z: so many belong to one commit.
  const format = `--format=tformat:${fields.join("%x00")}`;
  // Behind the user's own options, so that no other format counts, and in front of paths.
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const own = ["-z", "--no-color", "--no-patch", format];
  const output = decodeText(await git(["log", ...words.slice(0, end), ...own, ...words.slice(end)]));
  const texts = output.split("\0").slice(0, -1);
  return Array.from({ length: texts.length / fields.length }, (_, index) => {
    const [id, parents, name, email, date, committer, committerEmail, commitDate, message] = texts.slice(
      index * fields.length,
      (index + 1) * fields.length,
    ) as [string, string, string, string, string, string, string, string, string];
    return {
      object: "commit",
      id,
      parents: parents.split(" ").filter(Boolean),
      author: { name, email, date },
      committer: { name: committer, email: committerEmail, date: commitDate },
      message,
    };
  });
}
