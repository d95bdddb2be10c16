import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { devNull } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { TrunksError } from "@trunks/core";
import { roomHint } from "../system-error.ts";

export interface GitOptions {
  /** Bytes for standard input, which is closed behind them. Default: empty. */
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  /** What git says goes to the user as it comes (progress); otherwise it is kept for the error. Default false. */
  readonly showMessages?: boolean;
  /** What goes to the user at once in place of a line of what git says, which is not kept then. Default: nothing. */
  readonly shows?: (line: string) => string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** Objects count as they are: what the user has grafted or replaced is not looked at. Default false. */
  readonly trueHistory?: boolean;
  /** Git works on another repository than the user's: its variables are not passed on. Default false. */
  readonly foreignRepository?: boolean;
  /**
   * Git runs in a session of its own, without the terminal, and the signal ends all that it has started: what talks to
   * another host would outlive it. Default false.
   */
  readonly ownSession?: boolean;
  readonly signal?: AbortSignal;
}

/** Messages of git that are kept for an error, in bytes. */
const keptMessages = 8 * 1024;

/** Runs git and answers its standard output. Throws when it fails, with what it said. */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of gitStream(args, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Runs git and answers whether it exited with zero. */
export async function gitSucceeds(args: readonly string[], options: GitOptions = {}): Promise<boolean> {
  try {
    await git(args, options);
    return true;
  } catch (error) {
    if (error instanceof GitFailure) return false;
    throw error;
  }
}

/** Runs git and streams its standard output; a failure throws behind the last chunk. */
export async function* gitStream(args: readonly string[], options: GitOptions = {}): AsyncGenerator<Buffer> {
  const child = start(args, options);
  const messages = keepMessages(child, options.shows);
  const ended = ending(child);
  ended.catch(() => {}); // Thrown where it is awaited.
  const fed = feed(child, options.input);
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Buffer;
    const [code, signal] = await ended;
    await fed;
    if (code !== 0) throw new GitFailure(args, code, signal, messages.text());
  } finally {
    if (child.exitCode === null && child.signalCode === null) end(child, options);
    await ended.catch(() => {});
    await fed.catch(() => {});
  }
}

/** Git ran and failed. */
export class GitFailure extends TrunksError {
  constructor(args: readonly string[], code: number | null, signal: string | null, messages: string) {
    const how = code === null ? `was ended by ${signal}` : `failed with status ${code}`;
    const said = messages.trim().replaceAll(/\s*\n\s*/g, "; ");
    const name = args.find((word) => !word.startsWith("-") && !word.includes("=")) ?? "";
    const text = `git ${name} ${how}${said === "" ? "" : `: ${said}`}`;
    if (/No space left on device|Out of diskspace|quota exceeded/i.test(said))
      super("NO_SPACE", text, { hint: roomHint });
    else super("INTERNAL", text);
  }
}

function start(args: readonly string[], options: GitOptions): ChildProcess {
  const { ownSession = false, signal } = options;
  const child = spawn("git", args, {
    detached: ownSession,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", options.showMessages ? "inherit" : "pipe"],
    env: {
      ...(options.foreignRepository ? environmentWithoutRepository() : process.env),
      ...(options.trueHistory && trueHistoryEnvironment),
      ...options.environment,
    },
    signal: ownSession ? undefined : signal,
  });
  if (ownSession && signal !== undefined) {
    const stop = () => end(child, options);
    signal.addEventListener("abort", stop);
    child.once("close", () => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
  }
  return child;
}

function end(child: ChildProcess, { ownSession }: GitOptions): void {
  if (!ownSession || child.pid === undefined || process.platform === "win32") {
    child.kill("SIGTERM");
    return;
  }
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // It has ended meanwhile.
  }
}

/** The graft file is one that cannot be there: of an empty one git would tell the user that it is deprecated. */
const trueHistoryEnvironment = { GIT_NO_REPLACE_OBJECTS: "1", GIT_GRAFT_FILE: join(devNull, "none") };

/** Variables that point git to a repository. Source: `git rev-parse --local-env-vars`. */
const repositoryVariables =
  /^GIT_(DIR|WORK_TREE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|INDEX_FILE|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT|GRAFT_FILE|SHALLOW_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|PREFIX|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX)$/;

function environmentWithoutRepository(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !repositoryVariables.test(name)));
}

async function ending(child: ChildProcess): Promise<[number | null, string | null]> {
  try {
    return (await once(child, "close")) as [number | null, string | null];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new TrunksError("CONFIG_INVALID", "git was not found", {
        cause: error,
        hint: "install git 2.34 or newer and put it on the PATH",
      });
    }
    throw new TrunksError("INTERNAL", "git could not be run", { cause: error });
  }
}

async function feed(child: ChildProcess, input: GitOptions["input"]): Promise<void> {
  const { stdin } = child;
  if (stdin === null || input === undefined) return;
  // Git may stop reading when it has failed; its exit status says why.
  stdin.on("error", () => {});
  try {
    if (input instanceof Uint8Array) {
      stdin.write(input);
    } else {
      for await (const chunk of input) {
        if (stdin.destroyed) break;
        if (!stdin.write(chunk)) await drained(stdin);
      }
    }
    stdin.end();
  } catch (error) {
    // What was to be fed is broken: git must not take half of it for the whole.
    child.kill("SIGTERM");
    stdin.destroy();
    throw error;
  }
}

/** Resolves when the stream takes more, or nothing any more. Leaves no listener behind: a large pack waits often. */
function drained(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stdin.off("drain", done).off("close", done);
      resolve();
    };
    stdin.once("drain", done).once("close", done);
  });
}

function keepMessages(child: ChildProcess, shows?: GitOptions["shows"]): { text(): string } {
  let kept = "";
  let rest = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    // A byte a character: a chunk may end within one of the text's.
    const said = rest + chunk.toString("latin1");
    const lines = shows === undefined ? [said, ""] : said.split(/(?<=[\r\n])/);
    rest = shows === undefined || /[\r\n]$/.test(said) ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      const shown = shows?.(line);
      if (shown === undefined) kept = (kept + line).slice(-keptMessages);
      else process.stderr.write(shown);
    }
  });
  return { text: () => Buffer.from(kept + rest, "latin1").toString("utf8") };
}
