import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Command, run } from "./measure.ts";

/** A temporary folder with a home of its own, and the built helper on the path. */
export class Workspace {
  readonly folder = mkdtempSync(join(process.env.TRUNKS_BENCH_FOLDER ?? tmpdir(), "trunks-bench-"));
  readonly environment: NodeJS.ProcessEnv;
  readonly #memoryLog = join(this.folder, "memory.log");

  constructor() {
    const programs = join(this.folder, "bin");
    mkdirSync(programs);
    mkdirSync(join(this.folder, "home"));
    const built = join(import.meta.dirname, "..", "..", "apps", "cli", "dist", "git-remote-trunks.js");
    if (!existsSync(built)) throw new Error("build the command line first: pnpm run build");
    this.useHelper(built);
    this.environment = {
      ...process.env,
      PATH: [programs, process.env.PATH].join(delimiter),
      HOME: join(this.folder, "home"),
      XDG_CACHE_HOME: join(this.folder, "home", ".cache"),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_AUTHOR_NAME: "Bench",
      GIT_AUTHOR_EMAIL: "bench@example.org",
      GIT_COMMITTER_NAME: "Bench",
      GIT_COMMITTER_EMAIL: "bench@example.org",
    };
  }

  /** Has git find this program as the helper. */
  useHelper(program: string): void {
    const launcher = this.path("bin", "git-remote-trunks");
    writeFileSync(launcher, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    chmodSync(launcher, 0o755);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A git command to be measured. */
  git(cwd: string, args: readonly string[], prepare?: () => void): Command {
    return { program: "git", args, cwd, environment: this.environment, prepare };
  }

  /** Runs git once. */
  runGit(cwd: string, ...args: string[]): string {
    return run(this.git(cwd, args));
  }

  /** What it costs to start Node and do nothing: the floor of every helper that runs on it. */
  nothing(): Command {
    return { program: process.execPath, args: ["-e", "0"], cwd: this.folder, environment: this.environment };
  }

  /** The environment in which each process of Node tells its largest resident size when it ends. */
  withMemoryLog(): NodeJS.ProcessEnv {
    const code = `import{appendFileSync}from"node:fs";process.on("exit",()=>appendFileSync(${JSON.stringify(this.#memoryLog)},process.resourceUsage().maxRSS+"\\n"))`;
    return { ...this.environment, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
  }

  /** The largest resident size that was told since the last question, in bytes. */
  takePeakMemory(): number {
    const sizes = existsSync(this.#memoryLog)
      ? readFileSync(this.#memoryLog, "utf8").split("\n").filter(Boolean).map(Number)
      : [];
    rmSync(this.#memoryLog, { force: true });
    if (sizes.length === 0) throw new Error("no helper told its memory");
    return Math.max(...sizes) * 1024;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
