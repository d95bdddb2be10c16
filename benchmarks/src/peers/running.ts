import { spawn } from "node:child_process";
import type { Command } from "../measure.ts";

/** No command of a peer is waited for longer. */
export const limitMs = Number(process.env.TRUNKS_BENCH_LIMIT_SECONDS ?? 300) * 1000;

/** What became of a command. */
export interface Ran {
  readonly timeMs: number;
  /** Whether it was ended because it took longer than allowed: `timeMs` is then less than it needs. */
  readonly wasEnded: boolean;
  /** What it said when it failed; `undefined` when all went well, or it was ended. */
  readonly failure: string | undefined;
}

/** A command that goes on beside this program. */
export interface Running {
  readonly ran: Promise<Ran>;
  /** Ends it at once, with all that it has started. */
  kill(): void;
}

/** Starts a command; with a limit it is ended after so many milliseconds. */
export function start({ program, args, cwd, environment }: Command, limitMs?: number): Running {
  const startMs = performance.now();
  // A group of its own, so that the helpers which git starts end with it.
  const child = spawn(program, args, { cwd, env: environment, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  let wasEnded = false;
  const timer = setTimeout(
    () => {
      wasEnded = true;
      kill();
    },
    limitMs ?? 2 ** 31 - 1,
  );
  const ran = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => {
      clearTimeout(timer);
      const timeMs = performance.now() - startMs;
      const failure = status === 0 || wasEnded ? undefined : `${program} ${args.join(" ")} failed: ${told}`;
      resolve({ timeMs, wasEnded, failure });
    });
  });
  return { ran, kill };
}

/** Runs a command to its end; throws when it fails. */
export async function runWell(command: Command): Promise<number> {
  const { timeMs, failure } = await start(command).ran;
  if (failure !== undefined) throw new Error(failure);
  return timeMs;
}
