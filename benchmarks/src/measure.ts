import { spawnSync } from "node:child_process";

/** A command with what must be done before each run of it, which is not timed. */
export interface Command {
  readonly prepare?: () => void;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Wall times of a command's runs, in milliseconds. */
export class Times {
  readonly #sorted: readonly number[];

  constructor(timesMs: readonly number[]) {
    this.#sorted = timesMs.toSorted((left, right) => left - right);
  }

  get median(): number {
    const middle = this.#sorted.length >> 1;
    const upper = this.#sorted[middle] as number;
    return this.#sorted.length % 2 === 1 ? upper : (upper + (this.#sorted[middle - 1] as number)) / 2;
  }

  /** Median and spread, as `1.23 s (1.20 to 1.31)`. */
  toString(): string {
    const [least, most] = [this.#sorted[0] as number, this.#sorted.at(-1) as number];
    if (this.median >= 1000) return `${seconds(this.median)} s (${seconds(least)} to ${seconds(most)})`;
    return `${this.median.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)})`;
  }
}

/**
 * Runs the commands in turn, A B C A B C …, so that a machine whose speed drifts is as kind to each. One round before the
 * counted ones warms the caches.
 */
export function measureInTurn(commands: readonly Command[], rounds: number): Times[] {
  const times = commands.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const timeMs = timeOne(command);
      if (round > 0) times[index]?.push(timeMs);
    }
  }
  return times.map((list) => new Times(list));
}

function timeOne(command: Command): number {
  command.prepare?.();
  const startMs = performance.now();
  run(command);
  return performance.now() - startMs;
}

/** Runs a command to its end; throws when it fails, with what it said. */
export function run({ program, args, cwd, environment }: Command): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: environment,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
}

function seconds(timeMs: number): string {
  return (timeMs / 1000).toFixed(2);
}
