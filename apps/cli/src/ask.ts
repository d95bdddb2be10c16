import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { TrunksError } from "@trunks/core";
import type { Arguments } from "./arguments.ts";

/** Whether there is somebody to ask. */
function isAttended(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks a question on the terminal. A secret is not shown while it is typed. Without an answer: `undefined`. Throws `ABORTED`
 * when the user interrupts.
 */
async function ask(question: string, secret = false): Promise<string | undefined> {
  if (secret) process.stderr.write(question);
  const output = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
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

/** Completes what `storage add` was given by questions, if no URL was given and somebody can answer. */
export async function askForStorage(args: Arguments): Promise<Arguments> {
  const complete = args.text("url") !== undefined || args.text("backend") !== undefined;
  if (complete || args.flag("json") || !isAttended()) return args;
  const name = args.text("name") ?? args.words[0] ?? (await ask("name [primary]: ")) ?? "primary";
  const url = await ask("URL of the store (s3://bucket/path, local:///folder, …): ");
  const accessKey = await ask("access key (empty: the store's own chain of credentials): ");
  const secretKey = accessKey === undefined ? undefined : await ask("secret key (not shown): ", true);
  return args.with({ name, url, "access-key": accessKey, "secret-key": secretKey });
}
