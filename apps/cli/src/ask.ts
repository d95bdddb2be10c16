import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Arguments } from "./arguments.ts";

/** Whether there is somebody to ask. */
function isAttended(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question on the terminal. A secret is not shown while it is typed. Without an answer: `undefined`. */
async function ask(question: string, secret = false): Promise<string | undefined> {
  process.stderr.write(question);
  const output = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = (await lines.question("")).trim();
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
