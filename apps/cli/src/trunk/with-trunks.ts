import { TrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";
import { type Identity, Trunks } from "@trunks/sdk";
import { type Arguments, UsageError } from "../arguments.ts";
import type { Context } from "../command.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { requireWorkingCopy } from "../git/working-copy.ts";
import { LocalRepository } from "../helper/local-repository.ts";
import { type OpenedTrunk, openTrunk } from "./open-trunk.ts";

/** Options of commands for what is in a trunk. */
export const resourceOptions = {
  remote: { value: "REMOTE", help: "the remote whose trunk is meant (default: this branch's, origin, trunks)" },
} as const;

/** Works with the resources of this clone's trunk, in the name of git's own user. */
export async function withTrunks<Answer>(
  { arguments: args, verbose, signal }: Context,
  work: (trunks: Trunks, trunk: OpenedTrunk) => Promise<Answer>,
): Promise<Answer> {
  const { gitDir } = await requireWorkingCopy();
  const remote = await findTrunkRemote(args.text("remote"));
  const trunk = await openTrunk(remote.url, { gitDir, verbose, signal });
  const { repository } = trunk;
  const trunks = new Trunks({ repository, author: await gitUser(gitDir), warn: tellWarning });
  try {
    return await work(trunks, trunk);
  } finally {
    await trunks.close();
    await trunk.close();
  }
}

/** Git's committer, as the journal and tags shall name him; `undefined` when git knows nobody. */
export async function gitUser(gitDir: string | undefined): Promise<Identity | undefined> {
  const settings = gitDir === undefined ? undefined : await new LocalRepository(gitDir).settings();
  const name = process.env.GIT_COMMITTER_NAME ?? settings?.text("user.name");
  const email = process.env.GIT_COMMITTER_EMAIL ?? settings?.text("user.email");
  return name === undefined && email === undefined ? undefined : { name: name ?? "trunks", email: email ?? "" };
}

export function tellWarning(message: string): void {
  process.stderr.write(`warning: ${redactUrl(message)}\n`);
}

/** A name that is given as a word or by `--name`. Throws `UsageError` without one. */
export function requiredName(args: Arguments, what: string): string {
  const [word] = args.words;
  const given = args.text("name");
  if (word !== undefined && given !== undefined && word !== given) throw new UsageError(`two names: ${word}, ${given}`);
  const name = word ?? given;
  if (name === undefined) throw new UsageError(`the ${what}'s name is missing`);
  if (name === "") throw new TrunksError("INVALID_ARGUMENT", `the ${what}'s name is empty`);
  return name;
}
