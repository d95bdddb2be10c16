import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** How a program ended, and what it said. */
export interface CommandResult {
  /** The exit status, or the signal's name. */
  readonly status: number | string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface CommandOptions {
  /** Below the sandbox's folder. Default: the folder itself. */
  readonly folder?: string;
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The first moment that commits are dated by, in seconds since 1970. */
const firstSecond = 1_700_000_000;
const sources = join(import.meta.dirname, "..", "..", "src");

/**
 * A temporary folder in which real git runs with nothing of this machine's settings, finds the remote helper on its path,
 * and dates everything by the sandbox's own clock, so that equal commands make equal objects.
 */
export class Sandbox {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #running = new Set<ChildProcessWithoutNullStreams>();
  #second = firstSecond;

  constructor(name = "trunks-cli-") {
    this.path = mkdtempSync(join(tmpdir(), name));
    const programs = join(this.path, "bin");
    const home = join(this.path, "home");
    mkdirSync(programs);
    mkdirSync(home);
    mkdirSync(join(this.path, "store"));
    this.installProgram(
      "git-remote-trunks",
      `exec "${process.execPath}" "${join(sources, "git-remote-trunks.ts")}" "$@"`,
    );
    writeFileSync(join(home, "gitconfig"), settings);
    this.environment = {
      PATH: `${programs}:${process.env.PATH}`,
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_DATA_HOME: join(home, "data"),
      // Compiled sources are found again by later sandboxes and runs; without them each start takes three times as long.
      NODE_COMPILE_CACHE: join(sources, "..", "node_modules", ".cache", "compiled"),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: "false",
      LC_ALL: "C",
      TZ: "UTC",
    };
  }

  /** The URL of a trunk in this sandbox. */
  trunkUrl(name = "app"): string {
    return `trunks::local://${this.path}/store/${name}`;
  }

  /** Puts a shell script on the path, before everything else. */
  installProgram(name: string, script: string): void {
    const path = join(this.path, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** Writes a file, and the folders that it needs. */
  write(path: string, content: string | Uint8Array): void {
    const absolute = join(this.path, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content);
  }

  /** A file's text; bytes that are no UTF-8 become characters up to U+00FF. Throws when there is none. */
  read(path: string): string {
    return readFileSync(join(this.path, path), "latin1");
  }

  exists(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  /** Names in a folder, sorted; none when it is absent. */
  names(path: string): string[] {
    return this.exists(path) ? readdirSync(join(this.path, path)).sort() : [];
  }

  /** Lets the sandbox's clock go on: commits made from now on are this many seconds younger. */
  tick(seconds = 60): void {
    this.#second += seconds;
  }

  /** Runs git and answers how it ended. */
  async tryGit(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.run("git", args, options);
  }

  /** Runs git and answers its standard output without the last line's end. Throws when it fails. */
  async git(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.tryGit(args, options);
    if (status !== 0) throw new Error(`git ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
    return stdout.toString("utf8").replace(/\n$/, "");
  }

  /** Runs a program of the sandbox's path. */
  async run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const child = this.start(program, args, options);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => {}); // Whoever does not read its input says why by its status.
    child.stdin.end(options.input ?? "");
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return { status: code ?? signal ?? "", stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  }

  /** Starts a program of the sandbox's path. It is ended with the sandbox, if not before. */
  start(program: string, args: readonly string[], options: CommandOptions = {}): ChildProcessWithoutNullStreams {
    const date = `${this.#second} +0000`;
    const child = spawn(program, args, {
      cwd: join(this.path, options.folder ?? ""),
      env: { ...this.environment, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, ...options.environment },
      stdio: "pipe",
    });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  /** Ends what still runs, and removes the folder with everything in it. */
  async remove(): Promise<void> {
    const endings = [...this.#running].map((child) => once(child, "close"));
    for (const child of this.#running) child.kill("SIGKILL");
    await Promise.all(endings);
    rmSync(this.path, { recursive: true, force: true });
  }
}

const settings = `[user]
	name = A U Thor
	email = author@example.org
[init]
	defaultBranch = main
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
[protocol "file"]
	allow = always
[protocol "trunks"]
	allow = always
[trunks]
	background = false
`;
