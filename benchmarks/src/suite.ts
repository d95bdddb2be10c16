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
  /** What a picture of the row shows, this project first. Default: there is none. */
  readonly plot?: readonly PlottedValue[];
}

export interface PlottedValue {
  readonly name: string;
  readonly timeMs: number;
  /** It was ended before it was done. */
  readonly isAtLeast: boolean;
}

export interface Suite {
  /** What the suite wants to know. */
  readonly question: string;
  run(workspace: Workspace): Promise<Row[]>;
}
