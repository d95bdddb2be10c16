/** What became of a case in another runtime. Plain data: it crosses to the tests as JSON. */
export interface CaseOutcome {
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string;
  /** Why it failed. */
  readonly error?: string;
}

/** What a suite is given: plain data, and in a Worker its bindings beside it. */
export interface Given<Data> {
  readonly data: Data;
  /** In `workerd` alone: `BUCKET`, an empty bucket of R2. */
  readonly bindings?: { readonly BUCKET: unknown };
}

/** What the entry of a suite exports under the name `run`. Runs anywhere: it imports nothing that a runtime may lack. */
export type RunSuite<Data> = (given: Given<Data>, report: (outcome: CaseOutcome) => void) => Promise<void>;

/** One promise that must hold in every runtime. */
export interface RuntimeCase<Context> {
  readonly name: string;
  /** Throws when it was not kept. */
  run(context: Context): Promise<void>;
}

/** Runs cases, one after the other. A case that fails does not keep the others from their turn. */
export async function runCases<Context>(
  cases: readonly RuntimeCase<Context>[],
  context: () => Promise<Context> | Context,
  report: (outcome: CaseOutcome) => void,
): Promise<void> {
  for (const { name, run } of cases) {
    try {
      await run(await context());
      report({ name, status: "passed" });
    } catch (error) {
      report({ name, status: "failed", error: errorText(error) });
    }
  }
}

/** An error with its causes, for people. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, stack, message } = error;
  const text = stack?.includes(message) ? stack : `${message}\n${stack ?? ""}`;
  return cause === undefined ? text : `${text}\ncaused by ${errorText(cause)}`;
}
