import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export type Task =
  | { readonly do: "create"; readonly key: string; readonly size: number; readonly fill: number }
  | { readonly do: "churn"; readonly prefix: string; readonly rounds: number }
  | { readonly do: "hang"; readonly key: string; readonly size: number }
  | { readonly do: "write"; readonly prefix: string; readonly size: number };

export interface Answer {
  readonly answer?: unknown;
  readonly error?: string;
}

/** A process of its own that works on the folder `root`. Killed when the test ends. */
export class Child {
  readonly #process: ChildProcess;
  readonly #answers: Answer[] = [];
  #wake = () => {};

  private constructor(root: string) {
    this.#process = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), [root]);
    this.#process.on("message", (answer: Answer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    this.#process.on("exit", () => this.#wake());
    onTestFinished(() => this.kill());
  }

  static async start(root: string): Promise<Child> {
    const child = new Child(root);
    await child.next();
    return child;
  }

  async run(task: Task): Promise<unknown> {
    this.#process.send(task);
    return this.next();
  }

  /** The next answer. Throws what the child threw, or that it has ended. */
  async next(): Promise<unknown> {
    while (this.#answers.length === 0) {
      if (this.#process.exitCode !== null) throw new Error(`the child ended with ${this.#process.exitCode}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { answer, error } = this.#answers.shift()!;
    if (error !== undefined) throw new Error(error);
    return answer;
  }

  /** What was answered and not yet asked for. */
  rest(): unknown[] {
    return this.#answers.map(({ answer }) => answer);
  }

  /** Kills it as the system would, and waits for its end. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
