import { access, constants } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { TrunksError } from "@trunks/core";

const helper = "git-remote-trunks";

/** These would lead git to another repository than that of the folder it is started in. */
const leading = ["DIR", "COMMON_DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES"];
const others = ["NAMESPACE", "PREFIX", "CEILING_DIRECTORIES", "CONFIG_PARAMETERS", "CONFIG_COUNT", "QUARANTINE_PATH"];

/**
 * The environment in which git works in a mount and finds its helper: in the given folder, on PATH, or installed beside this
 * package. Throws `CONFIG_INVALID` when it is nowhere.
 */
export async function gitEnvironment(helperFolder: string | undefined): Promise<NodeJS.ProcessEnv> {
  const { PATH = "", ...rest } = process.env;
  const onPath = PATH.split(delimiter).filter(isAbsolute);
  const beside = ancestors(import.meta.dirname).map((folder) => join(folder, "node_modules", ".bin"));
  const found = helperFolder ?? (await firstWithHelper([...onPath, ...beside]));
  if (found === undefined) {
    throw new TrunksError("CONFIG_INVALID", `git needs ${helper}, which is not on PATH`, {
      hint: "run `npm install -g @trunks/cli`, or `trunks mount`, which brings it",
    });
  }
  const environment: NodeJS.ProcessEnv = { ...rest, PATH: [found, PATH].filter(Boolean).join(delimiter), LC_ALL: "C" };
  for (const name of [...leading, ...others]) delete environment[`GIT_${name}`];
  return environment;
}

async function firstWithHelper(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const there = access(join(folder, helper), constants.X_OK);
    if (
      await there.then(
        () => true,
        () => false,
      )
    ) {
      return folder;
    }
  }
  return undefined;
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
}
