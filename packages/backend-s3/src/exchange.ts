/** How far a request came, in the eyes of this side. It decides what a failure may be taken for. */
export class Exchange {
  /** False as long as no byte of the request can have reached the store. */
  sent = false;
  /** The status of the answer, once its head is there. */
  status: number | undefined;
  headers: Readonly<Record<string, string>> = {};
}

/** Whether the answer came from SeaweedFS, which differs from S3 in ways that no answer shows. */
export function isSeaweed({ headers }: Exchange): boolean {
  return headers.server?.startsWith("SeaweedFS") ?? false;
}

/** The bytes of an answer as they come. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** Gives up the rest, and the connection with it. */
  destroy(): void;
}
