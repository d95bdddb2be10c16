import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MountSandbox } from "./mount-sandbox.ts";

/** Another program that writes many files into a folder, as an installation of packages does. */
export class Burst {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Answers when half of them are written. Then nothing more is, until `finish`. */
  static async begin(folder: string, count: number): Promise<Burst> {
    const burst = new Burst(fork(join(import.meta.dirname, "burst-program.ts"), [folder, String(count)]));
    await once(burst.#child, "message");
    return burst;
  }

  async finish(): Promise<void> {
    const done = once(this.#child, "close");
    this.#child.send("on");
    await done;
  }
}

/** Has every git that is started told of. Answers a function that tells what was started since it was asked last, sorted: some start at once. */
export function tellGit(sandbox: MountSandbox, real: string): () => string[] {
  const list = join(sandbox.path, "started");
  appendFileSync(list, "");
  // Its command is the first word behind the settings.
  const command = 'for word; do case $word in -c|*=*|--work-tree*) ;; *) echo "$word"; break;; esac; done';
  sandbox.installProgram("git", `${command} >> ${list}\nexec ${real} "$@"`);
  let told = 0;
  return () => {
    const all = readFileSync(list, "utf8").split("\n").filter(Boolean);
    const news = all.slice(told);
    told = all.length;
    return news.sort();
  };
}
