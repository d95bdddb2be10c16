import { resolve } from "node:path";
import { parseLocation } from "@trunks/location";
import { UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { runGit } from "../git/run-program.ts";

export const command: Command = {
  usage: ["URL [FOLDER] [GIT OPTIONS]"],
  description: [
    "Runs git clone. The URL needs no trunks:: in front; how it is written tells `trunks help urls`. The first push of each new branch sets its upstream, as after `trunks init`.",
  ],
  passThrough: true,
  async run({ arguments: { words }, output }) {
    const at = words.findIndex((word) => /^(trunks::)?[a-z][a-z0-9+.-]*:\/\//i.test(word));
    const url = words[at === -1 ? 0 : at];
    if (url === undefined) throw new UsageError("the URL is missing");
    const { name, kind } = parseLocation(url);
    const given = words[at + 1];
    // Git would take a name out of the whole text, query and all.
    const folder = given === undefined || given.startsWith("-") ? name : given;
    const others = [...words.slice(0, at), ...words.slice(folder === given ? at + 2 : at + 1)];
    const remote = kind === "storage" ? url.replace(/^trunks::/, "") : `trunks::${url.replace(/^trunks::/, "")}`;
    const config = ["-c", "push.autoSetupRemote=true"];
    const status = await runGit(["clone", ...config, ...others, "--", remote, folder], output);
    if (status === exitStatus.ok) {
      output.answer({ object: "repository", name, path: resolve(folder) }, []);
    } else if (output.json)
      output.answer({ object: "error", code: "INTERNAL", message: `git clone ended with status ${status}` }, []);
    return status;
  },
};
