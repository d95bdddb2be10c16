import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** All files below a folder but git's own and ours, by path: content, with `x ` before it when executable, `-> ` for links. */
export function worktreeFiles(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (path: string) => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      if (path === "" && (name === ".git" || name === ".trunks")) continue;
      const inner = path === "" ? name : `${path}/${name}`;
      const found = lstatSync(join(folder, inner));
      if (found.isDirectory()) visit(inner);
      else if (found.isSymbolicLink()) files[inner] = `-> ${readlinkSync(join(folder, inner))}`;
      else files[inner] = `${found.mode & 0o100 ? "x " : ""}${readFileSync(join(folder, inner), "latin1")}`;
    }
  };
  visit("");
  return files;
}
