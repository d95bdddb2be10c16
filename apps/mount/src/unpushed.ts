import type { RequestOptions } from "@trunks/core";
import type { Unpushed } from "@trunks/sdk";
import { shown } from "./byte-path.ts";
import type { Git } from "./git.ts";

/** What a folder has and the trunk had not, when it was last heard of. Nothing is fetched to find out. */
export async function findUnpushed(git: Git, remote: string, options: RequestOptions): Promise<Unpushed> {
  const status = await git.items(["status", "--porcelain", "-z", "--no-renames"], options);
  const { stdout } = await git.try(["stash", "list", "--format=%H"], options);
  return {
    branches: await aheadBranches(git, remote, options),
    files: status.map((line) => shown(line.slice(3))),
    stashes: stdout.toString("utf8").split("\n").filter(Boolean).length,
  };
}

async function aheadBranches(git: Git, remote: string, options: RequestOptions): Promise<Unpushed["branches"]> {
  const names = (await git.text(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"], options)).split("\n");
  const found: { name: string; commits: number }[] = [];
  for (const name of names.filter(Boolean)) {
    const args = ["rev-list", "--count", `refs/heads/${name}`, "--not", `--remotes=${remote}`];
    const commits = Number(await git.text(args, options));
    if (commits > 0) found.push({ name, commits });
  }
  return found;
}
