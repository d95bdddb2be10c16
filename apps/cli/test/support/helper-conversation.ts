import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { Sandbox } from "./sandbox.ts";

/** How the helper ended. */
export interface HelperEnding {
  readonly status: number | null;
  /** What it said on standard output and nobody asked for. */
  readonly rest: string;
  readonly messages: string;
}

/** The remote helper, spoken to by hand as git would. */
export class HelperConversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown[]>;
  #stdout = "";
  #stderr = "";
  #more = Promise.withResolvers<void>();

  /** Starts it in a folder of the sandbox. Without `gitDir` there is no GIT_DIR. */
  constructor(
    sandbox: Sandbox,
    args: readonly string[],
    { folder, gitDir }: { readonly folder?: string; readonly gitDir?: string } = {},
  ) {
    this.#child = sandbox.start("git-remote-trunks", args, { folder, environment: { GIT_DIR: gitDir } });
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.on("data", (chunk: Buffer) => this.#heard(chunk.toString("latin1")));
    this.#child.stdout.on("close", () => this.#heard(""));
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8");
    });
    this.#ended = once(this.#child, "close");
  }

  /** What it said on standard error so far. */
  get messages(): string {
    return this.#stderr;
  }

  /** Says lines and answers the lines that come up to the next empty one. */
  async ask(...lines: string[]): Promise<string[]> {
    this.say(...lines);
    const answer: string[] = [];
    for (let line = await this.line(); line !== ""; line = await this.line()) answer.push(line);
    return answer;
  }

  /** Sends `option` and answers the one line that comes. */
  async option(text: string): Promise<string> {
    this.say(`option ${text}`);
    return this.line();
  }

  say(...lines: string[]): void {
    this.#child.stdin.write(Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1"));
  }

  /** The next line of its answers. Throws when it has ended. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#stdout.indexOf("\n");
      if (end !== -1) {
        const line = this.#stdout.slice(0, end);
        this.#stdout = this.#stdout.slice(end + 1);
        return line;
      }
      if (this.#child.stdout.closed) throw new Error(`the helper has ended: ${this.#stderr}`);
      await this.#more.promise;
    }
  }

  /** Stops reading its answers, as a git that died. */
  stopListening(): void {
    this.#child.stdout.destroy();
  }

  /** Ends its input, and waits for it to end. */
  async end(): Promise<HelperEnding> {
    this.#child.stdin.end();
    return this.ended();
  }

  /** Waits for it to end by itself. */
  async ended(): Promise<HelperEnding> {
    const [status] = (await this.#ended) as [number | null];
    return { status, rest: this.#stdout, messages: this.#stderr };
  }

  #heard(text: string): void {
    this.#stdout += text;
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
