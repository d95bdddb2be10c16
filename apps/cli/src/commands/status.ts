import { TrunksError } from "@trunks/core";
import { type Repository, reportMirrors, type State } from "@trunks/repo";
import { type Command, exitStatus } from "../command.ts";
import { errorAnswer } from "../failure.ts";
import { compareBranches } from "../git/branch-comparison.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { gitLines, requireWorkingCopy } from "../git/working-copy.ts";
import { type Output, table } from "../terminal/output.ts";
import { relationText } from "../trunk/branch-answer.ts";
import { mirrorAnswer, mirrorText } from "../trunk/mirror-trunk.ts";
import { type OpenedTrunk, openTrunk } from "../trunk/open-trunk.ts";

export const command: Command = {
  usage: ["[--remote REMOTE]"],
  description: [
    "Asks the trunk for its branches and compares them with the local ones; fetches nothing. A branch whose commits in the trunk are not here yet is shown as behind, without a number. Of a trunk with mirrors it tells how far each of them is behind.",
  ],
  options: { remote: { value: "REMOTE", help: "the remote to compare with (default: this branch's, origin, trunks)" } },
  async run({ arguments: args, output, verbose, signal }) {
    const { gitDir, bare } = await requireWorkingCopy();
    const remote = await findTrunkRemote(args.text("remote"));
    const changed = bare ? 0 : (await gitLines(["status", "--porcelain"])).length;
    const trunk = await openTrunk(remote.url, { gitDir, verbose, signal, hurried: true });
    try {
      return await tell(trunk, remote.name, changed, output, signal);
    } finally {
      await trunk.close();
    }
  },
};

async function tell(
  trunk: OpenedTrunk,
  remote: string,
  changed: number,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const { name, redactedUrl: url, repository } = trunk;
  const state = await repository.read({ signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    return error instanceof Error ? error : new TrunksError("INTERNAL", String(error));
  });
  const failure = state instanceof Error ? errorAnswer(state) : undefined;
  const known = state instanceof Error ? undefined : state;
  const [branches, mirrors] = await Promise.all([compareBranches(known), mirrorsOf(repository, known, signal)]);
  const exists = state !== undefined && failure === undefined;
  const described = { object: "trunk", name, url, remote, reachable: failure === undefined, exists };
  const facts = { ...described, ...(failure !== undefined && { error: failure }) };
  output.answer({ object: "status", trunk: facts, changed_files: changed, branches, mirrors }, [
    `${name} at ${url} (remote ${remote})${failure === undefined ? "" : `: ${output.colour("red", "not reachable")}`}`,
    ...(failure === undefined
      ? []
      : [`  ${failure.message}`, ...(failure.hint === undefined ? [] : [`  hint: ${failure.hint}`])]),
    ...(failure === undefined && !exists ? ["  nothing was pushed yet"] : []),
    ...table(branches.map((branch) => [`  ${branch.name}`, relationText(branch, failure !== undefined)])),
    ...mirrors.map((mirror) => `  mirror ${mirror.name}: ${mirrorText(mirror)}`),
    ...(changed === 0 ? [] : [`  ${changed} changed files are not committed`]),
  ]);
  return failure === undefined ? exitStatus.ok : exitStatus.failure;
}

async function mirrorsOf(repository: Repository, state: State | undefined, signal: AbortSignal) {
  if (state === undefined || state.map.mirrors.size === 0) return [];
  return (await reportMirrors(repository, state, { signal })).map(mirrorAnswer);
}
