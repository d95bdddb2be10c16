import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findBackendPackage, knownBackends } from "@trunks/location";
import { type Command, exitStatus, listOptions } from "../command.ts";
import { installations } from "../trunk/open-trunk.ts";

/** A kind of store. */
interface BackendAnswer {
  readonly object: "backend";
  readonly schemes: readonly string[];
  /** `null` for what is built in. */
  readonly package: string | null;
  readonly installed: boolean;
  readonly version?: string;
  readonly folder?: string;
}

export const command: Command = {
  usage: ["[--limit N] [--offset N]"],
  description: ["Third parties' packages are found by their names when a URL needs them, and are not listed."],
  options: listOptions,
  async run({ arguments: args, output }) {
    const answers = knownBackends().map(backendAnswer);
    output.list(
      answers,
      args,
      (answer) => [
        answer.schemes.map((scheme) => `${scheme}://`).join(" "),
        answer.package ?? "built in",
        answer.package === null ? "" : answer.installed ? (answer.version ?? "installed") : "not installed",
      ],
      "",
    );
    return exitStatus.ok;
  },
};

function backendAnswer({ schemes, package: name }: { schemes: readonly string[]; package?: string }): BackendAnswer {
  if (name === undefined) return { object: "backend", schemes, package: null, installed: true };
  const found = findBackendPackage(schemes[0] as string, process.env, installations);
  if (found === undefined) return { object: "backend", schemes, package: name, installed: false };
  const { version } = JSON.parse(readFileSync(join(found.folder, "package.json"), "utf8")) as { version?: string };
  return { object: "backend", schemes, package: name, installed: true, version, folder: found.folder };
}
