import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CommandResult, Sandbox } from "./sandbox.ts";

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const become = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];

/** Why commands cannot run as a user with few rights; `undefined` when they can. */
export function nobodyIsMissing(): string | undefined {
  if (!isRoot) return undefined;
  try {
    const [program = "", ...args] = become;
    execFileSync(program, [...args, process.execPath, "-e", "", join(import.meta.dirname, "nobody.ts")], {
      stdio: "pipe",
    });
    execFileSync(program, [...args, "test", "-r", import.meta.filename], { stdio: "pipe" });
    return undefined;
  } catch {
    return "user nobody may not read this project's files";
  }
}

/** Runs git as a user who owns only this folder of the sandbox; one who is no root already is that user. */
export async function gitAsNobody(sandbox: Sandbox, folder: string, args: readonly string[]): Promise<CommandResult> {
  if (!isRoot) return sandbox.tryGit(args, { folder });
  for (const path of ["", "home"]) chmodSync(join(sandbox.path, path), 0o755);
  const entries = readdirSync(join(sandbox.path, folder), { recursive: true, encoding: "utf8" });
  for (const path of ["", ...entries]) chownSync(join(sandbox.path, folder, path), nobody, nobody);
  const [program = "", ...rights] = become;
  return sandbox.run(program, [...rights, "git", ...args], { folder });
}
