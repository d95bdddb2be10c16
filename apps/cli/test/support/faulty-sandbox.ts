import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { cpSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorCode } from "@trunks/core";
import type { Fault, FaultRule } from "@trunks/layers";
import { type CommandOptions, Sandbox } from "./sandbox.ts";

/** What goes wrong, as it is handed to the helper's process: plain data. */
export interface PlannedFault extends Pick<FaultRule, "index" | "operation" | "skip" | "times"> {
  readonly fault: Exclude<Fault, { kind: "fail" }> | { readonly kind: "fail"; readonly when: "before" | "after" };
  /** The text of a regular expression. */
  readonly key?: string;
  /** What `fail` throws; by default a retryable `UNAVAILABLE`. */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly retryable?: boolean };
}

/** A request that a helper began. */
export interface LoggedRequest {
  /** The helper's process. */
  readonly pid: number;
  readonly index: number;
  readonly operation: string;
  readonly keys: string;
}

const backends = join(import.meta.dirname, "backends");

/**
 * A sandbox with a third party's backend in it, `faulty://`, whose trunks are those of `local://` in the same folder, and on
 * which things go wrong as the test wants.
 */
export class FaultySandbox extends Sandbox {
  readonly #plans = new Set<string>();

  constructor() {
    super();
    this.plan();
  }

  /** The URL of a trunk, by the bad way. Requests that are to fail apart from others have a plan of their own. */
  faultyUrl(name = "app", plan = "faults"): string {
    return `trunks::faulty://${this.path}/store/${name}?faults=${this.path}/${plan}`;
  }

  /** What goes wrong from now on: nothing, unless told. Forgets the requests so far. */
  plan(faults: readonly PlannedFault[] = [], plan = "faults"): void {
    this.#plans.add(plan);
    rmSync(join(this.path, plan), { recursive: true, force: true });
    this.write(`${plan}/script.json`, JSON.stringify(faults));
    this.write(`${plan}/log`, "");
  }

  /** Ends the delays of a plan. */
  openGate(plan = "faults"): void {
    this.write(`${plan}/gate`, "");
  }

  requests(plan = "faults"): LoggedRequest[] {
    const lines = this.read(`${plan}/log`).split("\n").slice(0, -1);
    return lines.map((line) => {
      const [pid, index, operation = "", ...keys] = line.split(" ");
      return { pid: Number(pid), index: Number(index), operation, keys: keys.join(" ") };
    });
  }

  /** Waits until a helper has begun such a request, and answers it. */
  async begun(fits: (request: LoggedRequest) => boolean, plan = "faults"): Promise<LoggedRequest> {
    for (;;) {
      const found = this.requests(plan).find(fits);
      if (found !== undefined) return found;
      await sleep(5);
    }
  }

  /** Keeps folders of the sandbox as they are now, for `restore`. */
  keep(...folders: string[]): void {
    for (const folder of folders) cpSync(join(this.path, folder), join(this.path, "kept", folder), { recursive: true });
  }

  /** Makes the kept folders what they were, and removes the others of these names. */
  restore(...folders: string[]): void {
    for (const folder of folders) {
      rmSync(join(this.path, folder), { recursive: true, force: true });
      const kept = join("kept", folder);
      if (this.exists(kept)) cpSync(join(this.path, kept), join(this.path, folder), { recursive: true });
    }
  }

  /** All files below a folder, as paths below the sandbox. */
  files(folder: string): string[] {
    if (!this.exists(folder)) return [];
    const entries = readdirSync(join(this.path, folder), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)));
  }

  /** Makes everything in a folder as old as if the sandbox had slept for two days. */
  age(folder: string): void {
    const seconds = Date.now() / 1000 - 2 * 24 * 60 * 60;
    for (const name of this.names(folder)) utimesSync(join(this.path, folder, name), seconds, seconds);
  }

  /** Ends delays first: a helper whose git was killed waits for its gate. */
  override remove(): Promise<void> {
    for (const plan of this.#plans) this.openGate(plan);
    return super.remove();
  }

  override start(
    program: string,
    args: readonly string[],
    options: CommandOptions = {},
  ): ChildProcessWithoutNullStreams {
    const environment = { TRUNKS_BACKEND_PATH: backends, ...options.environment };
    return super.start(program, args, { ...options, environment });
  }
}
