import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TrunksError } from "@trunks/core";
import { backendPackages, backendsFolder } from "@trunks/location";
import { type Command, exitStatus } from "../command.ts";
import { runProgram } from "../git/run-program.ts";
import { programVersion } from "../program-version.ts";

export const command: Command = {
  usage: ["SCHEME", "PACKAGE"],
  description: [
    "Installs the package that opens URLs of this scheme, or a package as npm names it: trunks-backend-x@2, ./folder, file.tgz. It goes into a folder of its own below your home, runs no install scripts, and is found from everywhere. Needs npm.",
  ],
  words: { least: 1, most: 1 },
  async run({ arguments: args, output }) {
    const wanted = packageSpec(args.words[0] as string);
    const folder = backendsFolder(process.env);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const manifest = join(folder, "package.json");
    // Without a manifest of its own npm would look for one in the folders above.
    if (!existsSync(manifest)) await writeFile(manifest, '{ "private": true }\n');
    const flags = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
    const status = await runProgram("npm", ["install", ...flags, "--", wanted], { stdout: process.stderr });
    if (status !== 0) {
      throw new TrunksError("UNAVAILABLE", `npm could not install ${wanted}`, {
        hint: "what it says stands above; a third party's package with another name than its scheme's is installed by that name",
      });
    }
    output.answer({ object: "backend", package: wanted, folder }, `installed ${wanted} in ${folder}`);
    return exitStatus.ok;
  },
};

/** What npm shall install. Our own packages come in this program's version: they are released together. */
function packageSpec(word: string): string {
  if (/^\.{0,2}\//.test(word)) return resolve(word);
  if (/^@trunks\/[a-z0-9-]+$/.test(word)) return inOurVersion(word);
  if (/^@|^trunks-backend-|[@/]|\.tgz$/.test(word)) return word;
  const name = backendPackages(word).at(-1);
  if (name === undefined) {
    throw new TrunksError("ALREADY_EXISTS", `${word}:// is built in`, { hint: "there is nothing to install" });
  }
  return name.startsWith("@trunks/") ? inOurVersion(name) : name;
}

function inOurVersion(name: string): string {
  const version = programVersion();
  return version === "0.0.0" ? name : `${name}@${version}`;
}
