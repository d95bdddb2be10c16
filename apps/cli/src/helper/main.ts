import { once } from "node:events";
import { join } from "node:path";
import { isTrunksError, TrunksError } from "@trunks/core";
import { redactUrl } from "@trunks/location";
import { systemError } from "../system-error.ts";
import { openTrunk } from "../trunk/open-trunk.ts";
import { Input } from "./input.ts";
import { LocalRepository } from "./local-repository.ts";
import { HelperOptions } from "./options.ts";
import { Session } from "./session.ts";
import { removeAbandoned } from "./temporary-repository.ts";
import { startUpkeep, upkeep, upkeepArgument } from "./upkeep.ts";

/** What git itself exits with when something is fatal. */
const fatalStatus = 128;

/** `git-remote-trunks <remote or URL> [<URL>]`, as git starts it. Answers the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const signals = new Signals();
  if (args[0] === upkeepArgument) return upkeep(process.stdin, signals.signal);
  try {
    const status = await converse(args, signals);
    return signals.status ?? status;
  } catch (error) {
    signals.giveUp();
    if (signals.status !== undefined) {
      // Whoever ended it knows why it ended, but not that a push may have been accepted.
      if (isTrunksError(error, "OUTCOME_UNKNOWN")) process.stderr.write(describe(error));
      return signals.status;
    }
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return fatalStatus; // Git went away; nobody is there to read.
    process.stderr.write(describe(error));
    return fatalStatus;
  } finally {
    process.stdin.destroy(); // Git may wait for this process to end before it closes its side.
  }
}

async function converse(args: readonly string[], { signal }: Signals): Promise<number> {
  const url = args[1] ?? args[0];
  if (url === undefined) {
    throw new TrunksError(
      "INVALID_ARGUMENT",
      "git starts this program by itself for URLs such as trunks::s3://bucket/path",
      {
        hint: "git clone trunks::s3://bucket/path",
      },
    );
  }
  const gitDir = process.env.GIT_DIR;
  const options = new HelperOptions();
  const trunk = await openTrunk(url, { gitDir, signal, progress: () => options.progress });
  try {
    const { repository } = trunk;
    const input = new Input(process.stdin);
    // A remote's name holds no colon, and a URL does.
    const remote = args[0]?.includes(":") ? undefined : args[0];
    const git = { gitDir, remote, input, write: writeOut, options };
    return await new Session({ ...git, repository, signal, startUpkeep: () => startUpkeep(url) }).run();
  } finally {
    await trunk.close();
    if (gitDir !== undefined) await tidy(new LocalRepository(gitDir));
  }
}

async function tidy(local: LocalRepository): Promise<void> {
  await removeAbandoned(join(local.commonDir, "trunks", "tmp"));
}

async function writeOut(bytes: Uint8Array): Promise<void> {
  if (bytes.length > 0 && !process.stdout.write(bytes)) await once(process.stdout, "drain");
}

function describe(thrown: unknown): string {
  const error = isTrunksError(thrown) ? thrown : systemError(thrown);
  if (error === undefined)
    return `fatal: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`;
  // A third party's backend may write out its URL.
  return redactUrl(`fatal: ${error.message}\n${error.hint === undefined ? "" : `hint: ${error.hint}\n`}`);
}

/** Turns the first signal to end into an abort, so that temporary files are removed on the way out. */
class Signals {
  readonly #controller = new AbortController();
  status: number | undefined;

  constructor() {
    const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
    for (const [name, number] of Object.entries(numbers)) {
      // Not once: from a terminal it comes to everyone, and then from git again.
      process.on(name, () => {
        if (this.status !== undefined) return;
        this.status = fatalStatus + number;
        this.#controller.abort(new TrunksError("ABORTED", `ended by ${name}`));
        process.stdin.destroy();
        // What does not listen to the abort must not hold the user up.
        setTimeout(() => process.exit(this.status), 2000).unref();
      });
    }
    process.stdout.on("error", (error) => this.#controller.abort(error));
  }

  /** Ends what is still under way when something beside it has failed. */
  giveUp(): void {
    this.#controller.abort(new TrunksError("ABORTED", "something else has failed"));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}
