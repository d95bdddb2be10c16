import { join } from "node:path";
import { checkAnswer } from "./answer-schema.ts";
import type { CommandOptions, Sandbox } from "./sandbox.ts";

const program = join(import.meta.dirname, "..", "..", "src", "trunks.ts");

/** How a command ended, in text. */
export interface TrunksResult {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `trunks` in the sandbox as someone would who has not installed git's helper: it is not on PATH. */
export async function trunks(
  sandbox: Sandbox,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<TrunksResult> {
  const environment = { PATH: process.env.PATH, ...options.environment };
  const { status, stdout, stderr } = await sandbox.run(process.execPath, [program, ...args], {
    ...options,
    environment,
  });
  return { status, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8") };
}

/** Runs a command that must succeed; answers what it printed. */
export async function trunksText(
  sandbox: Sandbox,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await trunks(sandbox, args, options);
  if (status !== 0) throw new Error(`trunks ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

/** Runs a command with `--json`; answers its one document, which is as the schema says, whatever the exit status. */
export async function trunksJson<Answer = unknown>(
  sandbox: Sandbox,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Answer> {
  return checkAnswer(JSON.parse((await trunks(sandbox, [...args, "--json"], options)).stdout));
}

/** Makes a repository in `folder` whose trunk lies in the sandbox's store, under the storage `primary`. */
export async function initialise(sandbox: Sandbox, folder = "work"): Promise<void> {
  await sandbox.git(["init", "-q", folder]);
  await trunksText(sandbox, ["init", "--name", "app", "--url", `local://${sandbox.path}/store`], { folder });
}
