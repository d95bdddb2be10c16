import { HelperConversation } from "./helper-conversation.ts";
import type { Sandbox } from "./sandbox.ts";

/** Makes so many commits on `main` of the folder's repository, each with a small file of its own; answers their ids, oldest first. */
export async function manyCommits(sandbox: Sandbox, folder: string, count: number): Promise<string[]> {
  const parent = (await sandbox.tryGit(["rev-parse", "--verify", "-q", "main"], { folder })).stdout.toString().trim();
  const commits = Array.from({ length: count }, (_, index) => {
    const from = index === 0 ? (parent === "" ? "" : `from ${parent}\n`) : `from :${index}\n`;
    const who = `committer A U Thor <author@example.org> ${1_700_100_000 + index} +0000`;
    return `commit refs/heads/main\nmark :${index + 1}\n${who}\ndata 2\nm\n${from}M 644 inline many/${index}\ndata ${String(index).length}\n${index}\n`;
  });
  await sandbox.git(["fast-import", "--quiet", "--force"], { folder, input: commits.join("") });
  const ids = await sandbox.git(["rev-list", "--reverse", `-${count}`, "main"], { folder });
  return ids.split("\n");
}

/** Pushes one commit after the other to a branch, as that many runs of git would, in one helper. */
export async function pushOneByOne(
  sandbox: Sandbox,
  folder: string,
  url: string,
  ids: readonly string[],
  branch = "refs/heads/main",
): Promise<void> {
  const helper = new HelperConversation(sandbox, [url, url], { folder, gitDir: ".git" });
  for (const id of ids) {
    await helper.ask("list for-push");
    const report = await helper.ask(`push ${id}:${branch}`, "");
    if (report.join() !== `ok ${branch}`) throw new Error(`pushed ${id}: ${report.join()} ${helper.messages}`);
  }
  const { status, messages } = await helper.end();
  if (status !== 0) throw new Error(`the helper ended with ${status}: ${messages}`);
}
