import { TrunksError } from "@trunks/core";
import { type Command, exitStatus } from "../command.ts";
import { errorAnswer } from "../failure.ts";
import { compareBranches } from "../git/branch-comparison.ts";
import { findTrunkRemote } from "../git/trunk-remote.ts";
import { gitLines, requireWorkingCopy } from "../git/working-copy.ts";
import { type Output, table } from "../terminal/output.ts";
import { relationText } from "../trunk/branch-answer.ts";
import { type OpenedTrunk, openTrunk } from "../trunk/open-trunk.ts";

export const command: Command = {
  usage: ["[--remote REMOTE]"],
  description: [
    "Asks the trunk for its branches and compares them with the local ones; fetches nothing. A branch whose commits in the trunk are not here yet is shown as behind, without a number.",
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
  const branches = await compareBranches(state instanceof Error ? undefined : state);
  const exists = state !== undefined && failure === undefined;
  const described = { object: "trunk", name, url, remote, reachable: failure === undefined, exists };
  const facts = { ...described, ...(failure !== undefined && { error: failure }) };
  output.answer({ object: "status", trunk: facts, changed_files: changed, branches }, [
    `${name} at ${url} (remote ${remote})${failure === undefined ? "" : `: ${output.colour("red", "not reachable")}`}`,
    ...(failure === undefined
      ? []
      : [`  ${failure.message}`, ...(failure.hint === undefined ? [] : [`  hint: ${failure.hint}`])]),
    ...(failure === undefined && !exists ? ["  nothing was pushed yet"] : []),
    ...table(branches.map((branch) => [`  ${branch.name}`, relationText(branch, failure !== undefined)])),
    ...(changed === 0 ? [] : [`  ${changed} changed files are not committed`]),
  ]);
  return failure === undefined ? exitStatus.ok : exitStatus.failure;
}
