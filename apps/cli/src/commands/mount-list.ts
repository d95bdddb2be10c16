import type { ListedMount } from "@trunks/mount";
import { type Command, exitStatus, listOptions } from "../command.ts";
import { loadMountPackage } from "../mount/mount-package.ts";

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: [
    "Lists the mounts that you have on this machine. One is incomplete while it is made, or when that was interrupted; missing when its folder is gone, or is that mount no more. Of a watched one it tells whether changes are journalled, and pushed if they shall be.",
  ],
  options: listOptions,
  async run({ arguments: args, output }) {
    const { listMounts } = await loadMountPackage();
    const mounts = await listMounts();
    const answers = mounts.map((mount) => ({ object: "mount" as const, ...mount }));
    output.list(
      answers,
      args,
      ({ path, repository, url, ...facts }) => [path, repository, url, stateText(facts)],
      "there are no mounts; `trunks mount` makes one",
    );
    return exitStatus.ok;
  },
};

/** What is worth knowing, if something is. */
function stateText({ state, watch, watcher }: Pick<ListedMount, "state" | "watch" | "watcher">): string {
  if (state !== "ready") return state;
  if (watch === false) return "";
  if (watcher === null) return "NOT watched: `trunks mount` there begins again";
  if (watcher.trouble !== null) return `NOT journalled: ${watcher.trouble}`;
  if (watcher.push_trouble !== null) return `watched, NOT pushed: ${watcher.push_trouble}`;
  return watcher.unwatched === 0 ? "watched" : `watched, ${watcher.unwatched} folders by looking again and again`;
}
