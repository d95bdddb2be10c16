import { once } from "node:events";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

const program = join(import.meta.dirname, "..", "..", "src", "trunks.ts");

/** `trunks` on a terminal of its own, and somebody who reads and types. */
export class Terminal {
  /** All that was shown so far, control sequences included. */
  shown = "";
  readonly pid: number | undefined;
  readonly #ended: Promise<number>;
  readonly #type: (text: string) => void;
  #news: PromiseWithResolvers<void> = Promise.withResolvers();
  #read = 0;

  constructor(sandbox: Sandbox, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const quoted = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
    // `script` of util-linux makes a terminal, runs the command on it and ends with its status.
    const child = sandbox.start("script", ["--quiet", "--return", "--flush", "--command", quoted, "/dev/null"], {
      environment: { PATH: process.env.PATH, SHELL: "/bin/sh", TERM: "dumb", ...environment },
    });
    this.pid = child.pid;
    this.#type = (text) => child.stdin.write(text);
    this.#ended = once(child, "close").then(([status]) => {
      this.#news.resolve();
      return status as number;
    });
    child.stdout.on("data", (chunk: Buffer) => {
      this.shown += chunk.toString();
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
  }

  /** Waits until this is shown, behind what was waited for before, and types an answer. */
  async answer(question: string, text: string): Promise<void> {
    for (;;) {
      const found = this.shown.indexOf(question, this.#read);
      if (found >= 0) {
        this.#read = found + question.length;
        this.#type(`${text}\r`);
        return;
      }
      const { promise } = this.#news;
      const ended = await Promise.race([promise.then(() => undefined), this.#ended]);
      if (ended !== undefined) throw new Error(`ended with ${ended} before ${question}:\n${this.shown}`);
    }
  }

  /** Types what is no answer: control characters. */
  press(keys: string): void {
    this.#type(keys);
  }

  /** The exit status, when the command has ended. */
  end(): Promise<number> {
    return this.#ended;
  }
}
