/** How far a request came, in the eyes of this side. It decides what a failure may be taken for. */
export class Exchange {
  /** False as long as no byte of the request can have reached the store. */
  sent = false;
  /** The status of the answer, once its head is there. */
  status: number | undefined;
  /** By names in lower case; of several with one name, all, with commas between them. */
  headers: Readonly<Record<string, string>> = {};
}

/** The bytes of an answer as they come. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** Gives up the rest, and the connection with it. */
  destroy(): void;
}
