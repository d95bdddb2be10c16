import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const helper = join(import.meta.dirname, "..", "..", "..", "..", "apps", "cli", "src", "git-remote-trunks.ts");

export interface GitOptions {
  /** Below the sandbox's folder. Default: the folder itself. */
  readonly folder?: string;
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A temporary folder in which stock git runs with nothing of this machine's settings, and finds the remote helper. */
export class GitSandbox {
  readonly path = mkdtempSync(join(tmpdir(), "trunks-sdk-"));
  readonly environment: Readonly<Record<string, string>>;
  #second = 1_700_000_000;

  constructor() {
    for (const folder of ["bin", "home", "store"]) mkdirSync(join(this.path, folder));
    const program = join(this.path, "bin", "git-remote-trunks");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${helper}" "$@"\n`);
    chmodSync(program, 0o755);
    this.environment = {
      PATH: `${join(this.path, "bin")}:${process.env.PATH}`,
      HOME: join(this.path, "home"),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: join(this.path, "home", "gitconfig"),
      GIT_TERMINAL_PROMPT: "0",
      GIT_AUTHOR_NAME: "A Writer",
      GIT_AUTHOR_EMAIL: "writer@example.org",
      GIT_COMMITTER_NAME: "A Writer",
      GIT_COMMITTER_EMAIL: "writer@example.org",
      LC_ALL: "C",
      TZ: "UTC",
    };
    writeFileSync(join(this.path, "home", "gitconfig"), "[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n");
  }

  /** The URL of a trunk in this sandbox's store, as the SDK takes it. */
  url(name: string): string {
    return `local://${this.path}/store/${name}`;
  }

  /** What git prints. Each call is dated a minute later. Throws when it fails, with what it said. */
  async git(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.gitBytes(args, options)).toString().trim();
  }

  async gitBytes(args: readonly string[], { folder = ".", input = "", environment }: GitOptions = {}): Promise<Buffer> {
    this.#second += 60;
    const date = `${this.#second} +0000`;
    const child = spawn("git", args, {
      cwd: join(this.path, folder),
      env: { ...this.environment, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, ...environment },
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    // A git that needs no input may be gone before all of it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const [status] = await once(child, "close");
    if (status === 0) return Buffer.concat(output);
    throw new Error(`git ${args.join(" ")}: status ${status}\n${Buffer.concat(errors)}`);
  }

  /** Writes a file below the sandbox's folder. */
  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    const place = join(this.path, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content, { mode });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
