import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { BytePath } from "../byte-path.ts";
import type { Git } from "../git.ts";

/** `source, line, pattern, path`. */
const fieldsPerAnswer = 4;

interface Question {
  readonly answer: (ignored: boolean[] | undefined) => void;
  readonly count: number;
}

/**
 * Which paths git would ignore, asked of one git that is kept for the next question. It remembers the files with the rules:
 * `restart` when one has changed. Whether a path is in an index makes no difference here.
 */
export class IgnoreRules {
  readonly #git: Git;
  #child: ChildProcessWithoutNullStreams | undefined;
  #rest = "";
  #fields: string[] = [];
  #questions: Question[] = [];

  constructor(git: Git) {
    this.#git = git;
  }

  /** In the order of the paths; `undefined` when git could not say: a path may have become one behind a link. */
  ask(paths: readonly BytePath[]): Promise<boolean[] | undefined> {
    if (paths.length === 0) return Promise.resolve([]);
    const child = this.#child ?? this.#start();
    return new Promise((answer) => {
      this.#questions.push({ answer, count: paths.length });
      // A name that begins with a colon would mean something else.
      child.stdin.write(Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1"));
    });
  }

  /** The next question is answered by the rules as they are then. */
  restart(): void {
    this.#child?.kill();
    this.#child = undefined;
    this.#giveUp();
  }

  #start(): ChildProcessWithoutNullStreams {
    const { folder, environment } = this.#git;
    const args = ["check-ignore", "-z", "--stdin", "--verbose", "--non-matching", "--no-index"];
    const child = spawn("git", args, { cwd: folder, env: environment });
    this.#child = child;
    child.stdout.setEncoding("latin1").on("data", (text: string) => this.#child === child && this.#read(text));
    child.stderr.resume();
    child.stdin.on("error", () => {});
    child.on("error", () => {});
    child.on("close", () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#giveUp();
    });
    return child;
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop() as string;
    for (const part of parts) this.#fields.push(part);
    for (;;) {
      const [question] = this.#questions;
      const needed = (question?.count ?? 0) * fieldsPerAnswer;
      if (question === undefined || this.#fields.length < needed) return;
      const fields = this.#fields.splice(0, needed);
      this.#questions.shift();
      question.answer(
        Array.from({ length: question.count }, (_, index) => {
          const pattern = fields[index * fieldsPerAnswer + 2] as string;
          return pattern !== "" && !pattern.startsWith("!");
        }),
      );
    }
  }

  #giveUp(): void {
    const questions = this.#questions;
    [this.#questions, this.#fields, this.#rest] = [[], [], ""];
    for (const { answer } of questions) answer(undefined);
  }
}
