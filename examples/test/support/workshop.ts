import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";

export interface RunOptions {
  /** Below the workshop's folder. Default: the folder itself. */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunResult {
  readonly status: number | string;
  /** Standard output, and behind it standard error. */
  readonly text: string;
}

/** What vitest writes, as far as it is read here. */
interface TestResults {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * A temporary folder of somebody who has never seen this repository: packages are installed there by npm, and programs run
 * with nothing of the workspace on their path.
 */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), "trunks-workshop-"));
  readonly #environment: Readonly<Record<string, string>>;

  constructor() {
    const home = join(this.path, "home");
    mkdirSync(home);
    writeFileSync(join(home, "gitconfig"), gitSettings);
    this.#environment = {
      PATH: systemPath(),
      HOME: home,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
      GIT_TERMINAL_PROMPT: "0",
      LC_ALL: "C",
      ...npmSettings(),
    };
  }

  /** Installs packages, by name or by tarball, beside what the folder's manifest asks for, which stays as it is. */
  async install(folder: string, packages: readonly string[]): Promise<void> {
    await this.succeed("npm", ["install", "--no-save", ...packages], { folder });
  }

  /** Runs a program; `node_modules/.bin` of its folder is on the path. */
  async run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return new Promise((resolve) => {
      execFile(program, args, { ...this.#options(options), maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : (error.code ?? error.signal ?? "killed"), text: stdout + stderr });
      });
    });
  }

  /** Starts a program, which the caller ends. */
  start(program: string, args: readonly string[], options: RunOptions = {}): ChildProcessByStdio<null, Readable, null> {
    return spawn(program, args, { ...this.#options(options), stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Where programs are found that are installed in a folder. */
  pathOf(folder: string): string {
    const modules = join(this.path, folder, "node_modules");
    return [join(modules, ".bin"), this.#environment.PATH].join(delimiter);
  }

  #options({ folder = "", environment }: RunOptions) {
    const env = { ...this.#environment, PATH: this.pathOf(folder), ...environment };
    return { cwd: join(this.path, folder), env };
  }

  /** Runs a program that must succeed; answers what it said. */
  async succeed(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, text } = await this.run(program, args, options);
    if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${text}`);
    return text;
  }

  /** Runs the tests of a package, which must all pass; answers the full names of those that passed. */
  async test(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const flags = ["--reporter=json", "--outputFile=results.json"];
    await this.succeed("npm", ["test", "--", ...flags], { folder, environment });
    const results = JSON.parse(readFileSync(join(this.path, folder, "results.json"), "utf8")) as TestResults;
    const cases = results.testResults.flatMap(({ assertionResults }) => assertionResults);
    return cases.filter(({ status }) => status === "passed").map(({ fullName }) => fullName);
  }

  /** Copies a folder of this repository, as it is kept in Git, into the workshop. */
  copy(source: string, target: string): void {
    const left = new Set(["node_modules", "dist"]);
    cpSync(source, join(this.path, target), {
      recursive: true,
      filter: (path) => !left.has(path.split("/").at(-1) ?? ""),
    });
  }

  write(path: string, text: string): void {
    const absolute = join(this.path, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
  }

  /** The one file in a folder whose name ends so. */
  find(folder: string, ending: string): string {
    const [name, ...others] = readdirSync(join(this.path, folder)).filter((name) => name.endsWith(ending));
    if (name === undefined || others.length > 0) throw new Error(`not one ${ending} in ${folder}`);
    return join(this.path, folder, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Without what a package's script finds in the workspace, and without a `trunks` that somebody has installed. */
function systemPath(): string {
  const foreign = (folder: string) => folder.includes("node_modules") || existsSync(join(folder, "git-remote-trunks"));
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !foreign(folder));
  return [dirname(process.execPath), ...folders].join(delimiter);
}

/** npm keeps its own settings: where it installs from, and what it has kept from earlier, is the machine's matter. */
function npmSettings(): Record<string, string> {
  const wanted = /^(npm_config_|https?_proxy$|no_proxy$|ssl_cert|node_extra_ca)/i;
  const given = Object.entries(process.env).filter(([name]) => wanted.test(name));
  return {
    npm_config_userconfig: join(homedir(), ".npmrc"),
    npm_config_cache: join(homedir(), ".npm"),
    ...(Object.fromEntries(given) as Record<string, string>),
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
}

const gitSettings = `[user]
	name = A U Thor
	email = author@example.org
[init]
	defaultBranch = main
`;
