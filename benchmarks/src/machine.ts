import { execFileSync } from "node:child_process";
import { arch, cpus, release, totalmem, type } from "node:os";

/** What a reader must know to judge figures: the machine, where `folder` lies, the versions, the commit. */
export function describeMachine(folder: string): string[] {
  return [
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    `${type()} ${release()} ${arch()}`,
    `Node ${process.versions.node}`,
    `files on ${output("stat", ["-f", "-c", "%T", folder])}`,
    output("git", ["--version"]),
    `commit ${output("git", ["-C", import.meta.dirname, "rev-parse", "--short", "HEAD"])}`,
  ];
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8" }).trim();
}
