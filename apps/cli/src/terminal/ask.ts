import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { TrunksError } from "@trunks/core";

/** Whether there is somebody to ask. */
export function isAttended(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question on the terminal. Without an answer: `undefined`. Throws `ABORTED` when the user interrupts. */
export function ask(question: string): Promise<string | undefined> {
  return askTerminal(question, false);
}

/** The same, and what is typed is not shown. */
export function askSecret(question: string): Promise<string | undefined> {
  return askTerminal(question, true);
}

async function askTerminal(question: string, secret: boolean): Promise<string | undefined> {
  const output = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // Not before the terminal has stopped to show what is typed.
  if (secret) process.stderr.write(question);
  const interrupted = new Promise<never>((_, reject) => {
    lines.once("SIGINT", () => reject(new TrunksError("ABORTED", "interrupted")));
  });
  // The end of input closes without an answer.
  const closed = once(lines, "close").then(() => "");
  try {
    const answer = (await Promise.race([lines.question(secret ? "" : question), interrupted, closed])).trim();
    return answer === "" ? undefined : answer;
  } finally {
    lines.close();
    if (secret) process.stderr.write("\n");
  }
}

/** Asks yes or no; without anybody to ask, no. */
export async function askWhether(question: string): Promise<boolean> {
  if (!isAttended()) return false;
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)) ?? "");
}
