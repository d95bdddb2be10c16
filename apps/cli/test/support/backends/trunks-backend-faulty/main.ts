/**
 * A third party's backend, for tests: `faulty:///folder?faults=/other` keeps bytes in a folder as `local:///folder` does,
 * and goes wrong as `/other/script.json` says (a list of `PlannedFault`s). Every request is told in `/other/log` when it
 * starts: process, place in the order of starts, operation, keys. A delay lasts until there is a file `/other/gate`.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend as openFolder } from "@trunks/backend-local";
import { type Backend, TrunksError } from "@trunks/core";
import { type Clock, type FaultRule, faults, systemClock } from "@trunks/layers";
import type { PlannedFault } from "../../faulty-sandbox.ts";

export const schemes: readonly string[] = ["faulty"];

export async function openBackend(url: URL): Promise<Backend> {
  const folder = url.searchParams.get("faults");
  if (folder === null) throw new TrunksError("CONFIG_INVALID", "faulty:// needs a folder with faults");
  const script = JSON.parse(readFileSync(join(folder, "script.json"), "utf8")) as readonly PlannedFault[];
  const local = await openFolder(new URL(`local://${url.pathname}`));
  const clock: Clock = { now: systemClock.now, sleep: (_, signal) => fileAppears(join(folder, "gate"), signal) };
  // The process is gone when this comes back.
  const crash = () => void process.kill(process.pid, "SIGKILL");
  const faulty = faults(local, script.map(ruleOf), { clock, crash });
  return faults(faulty, ({ index, operation, keys }) => {
    appendFileSync(join(folder, "log"), `${process.pid} ${index} ${operation} ${keys.join(" ")}\n`);
    return undefined;
  });
}

function ruleOf({ key, error, ...rule }: PlannedFault): FaultRule {
  const thrown = error && new TrunksError(error.code, error.message, { retryable: error.retryable });
  const fault = rule.fault.kind === "fail" ? { ...rule.fault, error: thrown } : rule.fault;
  return { ...rule, fault, ...(key !== undefined && { key: new RegExp(key) }) };
}

async function fileAppears(path: string, signal: AbortSignal | undefined): Promise<void> {
  while (!existsSync(path)) {
    if (signal?.aborted) throw new TrunksError("ABORTED", "aborted", { cause: signal.reason });
    await sleep(5);
  }
}
