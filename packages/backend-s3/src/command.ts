import type { AnswerBody, Exchange } from "@trunks/http-store";

/** What a command asks of the store. */
export interface Question {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Absent: the bucket itself is asked. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
}

/** An answer that is no refusal, its body not read yet. */
export interface Answer {
  readonly status: number;
  readonly headers: Exchange["headers"];
  readonly body: AnswerBody;
  text(): Promise<string>;
}

/** An operation of S3: what it asks, and how its answer is read. Named as in the S3 API reference. */
export interface Command<Output> {
  readonly question: Question;
  /** Whether a refusal may stand in the body of an answer 200. */
  readonly mayRefuseLate?: boolean;
  read(answer: Answer): Promise<Output>;
}

/** For an answer that says nothing beyond its status. It is read to its end, so that the connection stays usable. */
export async function readNothing(answer: Answer): Promise<void> {
  await answer.text();
}
