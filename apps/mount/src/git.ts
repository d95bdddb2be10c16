import { spawn } from "node:child_process";
import { type ErrorCode, type RequestOptions, TrunksError } from "@trunks/core";

export interface GitOptions extends RequestOptions {
  readonly input?: string | Uint8Array;
  /** Over that of the others. */
  readonly environment?: NodeJS.ProcessEnv;
  /** What kind of failure it is when git fails for a reason that is not known here. Default `INTERNAL`. */
  readonly failure?: ErrorCode;
  /** Passes on what git says while it works. Default false. */
  readonly progress?: boolean;
}

/** Git, at work in one folder. Paths are bytes to git: here they are text of one character a byte, `BytePath`. */
export class Git {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #settings: readonly string[];

  /** `settings` are `name=value`, for these runs alone. */
  constructor(folder: string, environment: NodeJS.ProcessEnv, settings: readonly string[] = []) {
    this.folder = folder;
    this.environment = environment;
    this.#settings = settings.flatMap((setting) => ["-c", setting]);
  }

  /** What git prints. Throws when it fails, with what it said. */
  async bytes(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    const { status, stdout, stderr } = await this.try(args, options);
    if (status === 0) return stdout;
    throw failed(args, stderr, options.failure ?? "INTERNAL");
  }

  /** The same, in text, without the end of the last line. */
  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.bytes(args, options)).toString("utf8").replace(/\n$/, "");
  }

  /** What git prints with a NUL behind each: paths, with `-z`. */
  async items(args: readonly string[], options: GitOptions = {}): Promise<string[]> {
    return (await this.bytes(args, options)).toString("latin1").split("\0").filter(Boolean);
  }

  async succeeds(args: readonly string[], options: GitOptions = {}): Promise<boolean> {
    return (await this.try(args, options)).status === 0;
  }

  /** Answers however git ended. Throws `ABORTED`, and `CONFIG_INVALID` where there is no git. */
  async try(
    args: readonly string[],
    { input = "", environment, progress, signal }: GitOptions = {},
  ): Promise<{ readonly status: number; readonly stdout: Buffer; readonly stderr: string }> {
    const child = spawn("git", [...this.#settings, ...args], {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      signal,
    });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      if (progress) process.stderr.write(chunk);
      errors.push(chunk);
    });
    child.stdin.on("error", () => {}); // Whoever does not read its input says why by its status.
    child.stdin.end(input);
    const status = await new Promise<number>((resolve, reject) => {
      child.on("error", (error) => reject(notRun(error, signal)));
      child.on("close", (code) => resolve(code ?? 128));
    });
    return { status, stdout: Buffer.concat(output), stderr: Buffer.concat(errors).toString("utf8") };
  }
}

function notRun(cause: Error, signal: AbortSignal | undefined): TrunksError {
  if (signal?.aborted) return new TrunksError("ABORTED", "interrupted", { cause });
  return new TrunksError("CONFIG_INVALID", "git cannot be run", { cause, hint: "install git, and put it on the PATH" });
}

function failed(args: readonly string[], stderr: string, code: ErrorCode): TrunksError {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new TrunksError("NO_SPACE", `git ${args[0]}: no space is left on the disk`, { hint: "make room: df -h" });
  }
  const hints = lines.filter((line) => line.startsWith("hint: ")).map((line) => line.slice("hint: ".length));
  const said = lines
    .filter((line) => /^(fatal|error): /.test(line))
    .map((line) => line.replace(/^(fatal|error): /, ""));
  const what = said.find((line) => !line.startsWith("Could not read from remote")) ?? lines.at(-1) ?? "it failed";
  return new TrunksError(code, `git ${args[0]}: ${what}`, { hint: hints[0] });
}
