import { type Command, exitStatus, listOptions } from "../command.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: [
    "Lists the mounts that you have on this machine. One is incomplete while it is made, or when that was interrupted; missing when its folder is gone, or is that mount no more.",
  ],
  options: listOptions,
  async run({ arguments: args, output }) {
    const { listMounts } = await loadMountPackage();
    const mounts = await listMounts();
    const answers = mounts.map((mount) => ({ object: "mount" as const, ...mount }));
    output.list(
      answers,
      args,
      ({ path, repository, url, state }) => [path, repository, url, state === "ready" ? "" : state],
      "there are no mounts; `trunks mount` makes one",
    );
    return exitStatus.ok;
  },
};
