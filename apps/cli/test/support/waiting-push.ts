import { setTimeout as sleep } from "node:timers/promises";
import { type Ending, startGit } from "./ending.ts";
import type { FaultySandbox } from "./faulty-sandbox.ts";
import { headerDigest, putTogether, takeApart } from "./headed-file.ts";

const trunk = "store/trunks/app.trunk";
const plan = "waiting";

/** A `git push` that has lost the slot that it wanted, and waits at the creation of the next one. */
export interface WaitingPush {
  /** The helper's process. */
  readonly pid: number;
  /** Lets it go on, and answers how it ends. */
  goOn(): Promise<Ending>;
  /** Kills the helper and git. */
  kill(): Promise<void>;
}

/**
 * Starts a push from `work`; while git is at it, somebody in `rival` takes the slot with a commit for their own branch. The
 * push then leaves its intent, which is there when this returns, unless the creation of that is to wait too.
 */
export async function startWaitingPush(
  sandbox: FaultySandbox,
  args: readonly string[],
  { withIntent = true }: { readonly withIntent?: boolean } = {},
): Promise<WaitingPush> {
  const wait = { operation: "create", fault: { kind: "delay", when: "before", ms: 0 } } as const;
  const nextSlot = { ...wait, key: "journal/", skip: 1 };
  // Both are asked for at once.
  sandbox.plan(withIntent ? [nextSlot] : [nextSlot, { ...wait, key: "intents/" }], plan);
  // Git runs this between its look at the trunk's refs and the push itself.
  const push = `push -q "${sandbox.trunkUrl()}" HEAD:refs/heads/rival`;
  const script = `unset $(git rev-parse --local-env-vars)\ncd "${sandbox.path}/rival" && git ${push}`;
  sandbox.installProgram("rival-pushes", script);
  sandbox.write("hooks/pre-push", `#!/bin/sh\nexec rival-pushes\n`);
  await sandbox.run("chmod", ["+x", "hooks/pre-push"]);
  const own = ["-c", `core.hooksPath=${sandbox.path}/hooks`, "push"];
  const { child, ended } = startGit(sandbox, [...own, ...args.map((one) => (one === "URL" ? url(sandbox) : one))], {
    folder: "work",
  });
  const creations = (folder: string) => {
    return sandbox.requests(plan).filter(({ operation, keys }) => operation === "create" && keys.includes(folder));
  };
  while (creations("journal/").length < 2 || creations("intents/").length < 1) await sleep(5);
  while (withIntent && waiting(sandbox).length === 0) await sleep(5);
  const pid = sandbox.requests(plan).at(-1)?.pid as number;
  return {
    pid,
    goOn() {
      sandbox.openGate(plan);
      return ended;
    },
    async kill() {
      process.kill(pid, "SIGKILL");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function url(sandbox: FaultySandbox): string {
  return sandbox.faultyUrl("app", plan);
}

/** The ids of the entries that wait to be carried. */
export function waiting(sandbox: FaultySandbox): string[] {
  return sandbox.names(`${trunk}/intents`).filter((name) => /^[0-9a-f]{32}$/.test(name));
}

/** Writes the next record by hand, as docs/format.md has it: nobody's own push, which carries all that wait. */
export function carryAll(sandbox: FaultySandbox): void {
  const names = sandbox.names(`${trunk}/journal`);
  const newest = takeApart(sandbox.read(`${trunk}/journal/${names[0]}`));
  const slot = names.length;
  const entries = waiting(sandbox).flatMap((id) => {
    const [, , ...lines] = takeApart(sandbox.read(`${trunk}/intents/${id}`)).lines;
    return lines.map((line) => line.replace(/^entry /, "carried "));
  });
  const [first, second] = newest.lines;
  const lines = [first, second, `slot ${slot}`, `previous ${headerDigest(newest.lines)}`, ...entries] as string[];
  const text = putTogether({ opening: "trunks record 1", lines, body: "" });
  sandbox.write(`${trunk}/journal/${999_999_999_999_999 - slot}`, Buffer.from(text, "latin1"));
}
