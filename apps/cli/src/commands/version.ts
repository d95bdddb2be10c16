import { isTrunksError } from "@trunks/core";
import { type Command, exitStatus } from "../command.ts";
import { gitLines } from "../git/working-copy.ts";
import { programVersion } from "../program-version.ts";

export const command: Command = {
  usage: [""],
  async run({ output }) {
    const version = programVersion();
    const git = (await gitVersion())?.replace(/^git version /, "");
    const node = process.versions.node;
    output.answer({ object: "version", version, node, ...(git !== undefined && { git }) }, [
      `trunks ${version}`,
      `node ${node}`,
      ...(git === undefined ? [] : [`git ${git}`]),
    ]);
    return exitStatus.ok;
  },
};

async function gitVersion(): Promise<string | undefined> {
  try {
    return (await gitLines(["--version"]))[0];
  } catch (error) {
    if (isTrunksError(error, "CONFIG_INVALID")) return undefined; // No git.
    throw error;
  }
}
