import { type ContractOutcome, runContract } from "@trunks/contract-tests";
import { isTrunksError } from "@trunks/core";
import { redactUrl, type Storage } from "@trunks/location";
import { listPage } from "@trunks/sdk/list-answer";
import { type Command, type Context, exitStatus } from "../command.ts";
import { findWorkingCopy, readSettings } from "../git/working-copy.ts";
import { requireStorage } from "../storage/answer.ts";
import { bareStorage, connectionOptions, storageFrom } from "../storage/options.ts";
import { type Output, table } from "../terminal/output.ts";
import { openStorage } from "../trunk/open-trunk.ts";

/** What became of one promise. */
interface CaseAnswer {
  readonly object: "contract_case";
  readonly id: string;
  readonly status: ContractOutcome["status"];
  readonly proves: string;
  readonly duration_ms: number;
  /** Why it was skipped or failed. */
  readonly reason?: string;
}

export const command: Command = {
  usage: ["URL [OPTIONS]", "STORAGE [OPTIONS]"],
  description: [
    "Runs the contract that every backend is tested with against your own store: what it promises, what it does under races, at limits and when calls are given up. Writes under a random prefix, which is removed at the end. Takes some minutes on a distant store, and fails when one case fails.",
  ],
  options: {
    probe: { help: "only the short form that `storage add` runs" },
    rounds: { value: "N", help: "how often each race is run (default 5)" },
    ...connectionOptions,
  },
  words: { least: 1, most: 1 },
  async run(context) {
    const { arguments: args, output, verbose, signal } = context;
    const storage = await storageOf(context);
    const open = async () => (await openStorage(storage, { verbose, hurried: true })).backend;
    const outcomes = await runContract(open, {
      select: args.flag("probe") ? "probe" : "all",
      rounds: args.number("rounds"),
      signal,
      onOutcome: (outcome) => tellProgress(outcome, output),
    });
    signal.throwIfAborted();
    const data = outcomes.map(caseAnswer);
    output.answer(listPage(data), report(data, redactUrl(storage.url), output));
    return data.some(({ status }) => status === "failed") ? exitStatus.failure : exitStatus.ok;
  },
};

async function storageOf({ arguments: args }: Context): Promise<Storage> {
  const word = args.words[0] as string;
  if (word.includes("://")) return storageFrom(args, bareStorage(word));
  return storageFrom(args, requireStorage(word, await readSettings(await findWorkingCopy())).storage);
}

function caseAnswer({ id, status, proves, durationMs, reason, error }: ContractOutcome): CaseAnswer {
  const why = reason ?? (error === undefined ? undefined : reasonOf(error));
  return {
    object: "contract_case",
    id,
    status,
    proves,
    duration_ms: Math.round(durationMs),
    ...(why !== undefined && { reason: why }),
  };
}

function reasonOf(error: unknown): string {
  const code = isTrunksError(error) ? `${error.code}: ` : "";
  return redactUrl(`${code}${error instanceof Error ? error.message : String(error)}`);
}

function tellProgress({ id, status }: ContractOutcome, output: Output): void {
  if (output.live) process.stderr.write(`\r\u001b[K${status === "failed" ? "failed" : "done"}: ${id}`);
}

function report(cases: readonly CaseAnswer[], url: string, output: Output): string[] {
  if (output.live) process.stderr.write("\r\u001b[K");
  const colours = { passed: "green", failed: "red", skipped: "yellow" } as const;
  const rows = cases.map(({ status, id, duration_ms, reason, proves }) => [
    output.colour(colours[status], status),
    id,
    `${duration_ms} ms`,
    reason ?? proves,
  ]);
  const count = (status: CaseAnswer["status"]) => cases.filter((each) => each.status === status).length;
  const failed = count("failed");
  return [
    ...table(rows),
    "",
    `${url}: ${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`,
    failed === 0 ? "It keeps what trunks need." : "It breaks promises that trunks need: do not keep trunks in it.",
  ];
}
