import { isTrunksError } from "@trunks/core";
import type { Storage } from "@trunks/location";
import { errorAnswer } from "../failure.ts";
import { observeStorage } from "../trunk/open-trunk.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly object: "finding";
  readonly name: string;
  readonly status: "ok" | "warning" | "failed" | "unknown";
  readonly detail: string;
  readonly hint?: string;
}

/** A finding before it has its name. */
export type Looked = Omit<Finding, "object" | "name">;

/** What `look` finds; what it throws is a finding as well. */
export async function finding(name: string, look: () => Promise<Looked>): Promise<Finding> {
  try {
    return { object: "finding", name, ...(await look()) };
  } catch (error) {
    return failedFinding(name, error);
  }
}

/** How a store is set up, as far as its backend can tell: see `StoreDiagnosis`. */
export async function storeFindings(storage: Storage, signal?: AbortSignal): Promise<Finding[]> {
  try {
    const seen = await observeStorage(storage, signal);
    return seen.map((each) => ({ object: "finding", ...each }));
  } catch (error) {
    return [failedFinding("store", error)];
  }
}

/** Warnings as lines for standard error. */
export function warnings(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ status }) => status === "warning")
    .map(({ name, detail, hint }) => `warning: ${name}: ${detail}${hint === undefined ? "" : `\nhint: ${hint}`}`);
}

function failedFinding(name: string, error: unknown): Finding {
  if (isTrunksError(error, "ABORTED")) throw error;
  const { message, hint } = errorAnswer(error);
  return { object: "finding", name, status: "failed", detail: message, ...(hint !== undefined && { hint }) };
}
