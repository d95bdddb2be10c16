import type { Workspace } from "./workspace.ts";

/** One line of a suite's table. */
export interface Row {
  readonly what: string;
  /** What was measured, with its spread. */
  readonly measured: string;
  /** What it is held against, with its spread. */
  readonly beside: string;
  /** The figure that the bar is about. */
  readonly figure: string;
  readonly bar: string;
}

export interface Suite {
  /** What the suite wants to know. */
  readonly question: string;
  run(workspace: Workspace): Promise<Row[]>;
}
