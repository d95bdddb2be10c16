import { type ChildProcess, spawn } from "node:child_process";

/**
 * Reads the number of the server's process group, line by line, from a pipe whose other end only this process holds.
 * However this process ends, `kill -9` included, the system closes the pipe; then the group and the folder go too.
 */
const script = `
group=0
while read -r line; do group=$line; done
if [ "$group" -gt 1 ]; then kill -s KILL -- "-$group"; sleep 0.1; fi
rm -rf -- "$1"`;

/** Ends a server and removes its folder once this process is gone. */
export class Watchdog {
  readonly #child: ChildProcess;

  constructor(folder: string) {
    // Detached: an interrupt on the terminal must not end it before the server.
    this.#child = spawn("sh", ["-c", script, "watchdog", folder], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#child.unref();
    this.#child.stdin?.on("error", () => {});
    (this.#child.stdin as unknown as { unref(): void }).unref();
  }

  /** The process group to end; 0 when there is none. */
  guard(processGroup: number): void {
    this.#child.stdin?.write(`${processGroup}\n`);
  }

  /** Lets it go, once server and folder are gone. */
  dismiss(): void {
    this.#child.stdin?.end();
  }
}
