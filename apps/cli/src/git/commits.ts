import { decodeText } from "@trunks/repo";
import type { Commit } from "@trunks/sdk";
import { git } from "../helper/git.ts";

/** Fields end in NUL, and so does git's own separator under -z: so many belong to one commit. */
const fields = ["%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"];

/** Commits as `git log` finds them with these words of its command line. */
export async function readCommits(words: readonly string[], signal?: AbortSignal): Promise<Commit[]> {
  const format = `--format=tformat:${fields.join("%x00")}`;
  // Behind the user's own options, so that no other format counts, and in front of paths.
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const own = ["-z", "--no-color", "--no-patch", format];
  const output = decodeText(await git(["log", ...words.slice(0, end), ...own, ...words.slice(end)], { signal }));
  const texts = output.split("\0").slice(0, -1);
  return Array.from({ length: texts.length / fields.length }, (_, index) => {
    const [id, tree, parents, name, email, date, committer, committerEmail, commitDate, message] = texts.slice(
      index * fields.length,
      (index + 1) * fields.length,
    ) as [string, string, string, string, string, string, string, string, string, string];
    return {
      object: "commit",
      id,
      tree,
      parents: parents.split(" ").filter(Boolean),
      author: { name, email, date },
      committer: { name: committer, email: committerEmail, date: commitDate },
      message,
    };
  });
}
