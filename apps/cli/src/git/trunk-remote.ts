import { TrunksError } from "@trunks/core";
import { decodeText } from "@trunks/repo";
import { git, gitSucceeds } from "../helper/git.ts";
import { gitLines } from "./working-copy.ts";

/** A remote of this clone. */
export interface Remote {
  readonly name: string;
  readonly url: string;
}

export async function remotes(): Promise<Remote[]> {
  if (!(await gitSucceeds(["config", "--get-regexp", remotePattern]))) return [];
  const output = await git(["config", "--null", "--get-regexp", remotePattern]);
  const items = decodeText(output).split("\0").filter(Boolean);
  const found = items.map((item) => /^remote\.(.*)\.url\n(.*)$/s.exec(item));
  return found.flatMap((match) => (match === null ? [] : [{ name: match[1] as string, url: match[2] as string }]));
}

export function isTrunkUrl(url: string): boolean {
  return url.startsWith("trunks::") || url.startsWith("trunks://");
}

/**
 * The remote that is meant: the one named, or of those that are trunks the current branch's own, `origin`, `trunks`, any.
 * Throws `NOT_FOUND` when there is none.
 */
export async function findTrunkRemote(name: string | undefined): Promise<Remote> {
  const all = await remotes();
  if (name !== undefined) {
    const found = all.find((remote) => remote.name === name);
    if (found !== undefined && isTrunkUrl(found.url)) return found;
    const what = found === undefined ? `there is no remote called ${name}` : `the remote ${name} is not a trunk`;
    throw new TrunksError("NOT_FOUND", what, { hint: "`git remote -v` lists them" });
  }
  const trunks = all.filter(({ url }) => isTrunkUrl(url));
  const wanted = [await upstreamRemote(), "origin", "trunks"];
  const chosen = wanted.map((each) => trunks.find((remote) => remote.name === each)).find(Boolean) ?? trunks[0];
  if (chosen !== undefined) return chosen;
  throw new TrunksError("NOT_FOUND", "no remote of this repository is a trunk", { hint: "run `trunks init`" });
}

async function upstreamRemote(): Promise<string | undefined> {
  if (!(await gitSucceeds(["symbolic-ref", "--quiet", "HEAD"]))) return undefined;
  const [branch = ""] = await gitLines(["symbolic-ref", "HEAD"]);
  return (await gitLines(["for-each-ref", "--format=%(upstream:remotename)", branch]))[0];
}

const remotePattern = "^remote\\..*\\.url$";
