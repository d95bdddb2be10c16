import type { Exchange } from "@trunks/http-store";
import { type Amazon, addressOf } from "./address.ts";
import type { Answer, Command, Question } from "./command.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import type { ResolvedOptions } from "./options.ts";
import { findAmazon, openCarrier, sha256Hex } from "./platform.ts";
import { RefusedAnswer } from "./refused-answer.ts";
import { Signer } from "./signer.ts";

/** A request that is ready to be sent. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Sending {
  readonly signal?: AbortSignal;
  /** Is told how far the request came. */
  readonly exchange: Exchange;
}

/** Brings requests to a store, each once. */
export interface Carrier {
  /** The answer, whatever its status, when its head is there. */
  send(request: SignedRequest, sending: Sending): Promise<Answer>;
  /** Closes connections, those in use as well. */
  destroy(): void;
}

/** Stores refuse what was signed 15 minutes ago or ahead, in milliseconds. */
const toleratedSkewMs = 5 * 60_000;

/** Speaks with one store: addresses, signs, sends and reads. Repeats nothing. */
export class Client {
  readonly credentials: Credentials;
  readonly #options: ResolvedOptions;
  readonly #carrier: Carrier;
  readonly #signer: Signer;
  #amazon: Promise<Amazon> | undefined;
  /** So far the store's clock is ahead of this one, in milliseconds. */
  #skewMs = 0;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.credentials = credentialsOf(options);
    this.#carrier = openCarrier(options);
    this.#signer = new Signer(this.credentials);
  }

  /** What the store answered; throws a `RefusedAnswer` when that was no, and whatever else happened on the way. */
  async send<Output>(command: Command<Output>, sending: Sending): Promise<Output> {
    const skewMs = this.#skewMs;
    const answer = await this.#carrier.send(await this.#signed(command.question, skewMs), sending);
    if (answer.status >= 300) {
      const clockCorrected = this.#mindClock(answer, skewMs);
      throw new RefusedAnswer(await answer.text(), answer, answer.status, clockCorrected);
    }
    if (!command.mayRefuseLate) return await command.read(answer);
    const text = await answer.text();
    // Its head came early, and said 200.
    if (/<Error[\s>]/.test(text)) throw new RefusedAnswer(text, answer, 503, false);
    return await command.read({ ...answer, text: async () => text });
  }

  destroy(): void {
    this.#carrier.destroy();
  }

  async #signed(question: Question, skewMs: number): Promise<SignedRequest> {
    const { method, body, headers = {} } = question;
    const amazon = await this.#place();
    const url = addressOf(this.#options, amazon, question);
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const toSign = {
      ...Object.fromEntries(given),
      ...this.#options.headers,
      "x-amz-content-sha256": await sha256Hex(body ?? new Uint8Array(0)),
    };
    const region = amazon.region ?? "us-east-1";
    const date = new Date(Date.now() + skewMs);
    return { method, url, headers: await this.#signer.sign({ method, url, headers: toSign }, region, date), body };
  }

  /** Where Amazon is to be asked; another store has its region and its endpoint in the options. */
  #place(): Promise<Amazon> {
    const { endpoint, region, profile } = this.#options;
    this.#amazon ??= endpoint === undefined ? findAmazon(region, profile) : Promise.resolve({ region });
    return this.#amazon;
  }

  /**
   * Takes over the store's clock when it is far from the one by which the request was signed; whether it was. Of several requests at
   * once each is told so, though the first to be answered has put the clock right for the next.
   */
  #mindClock({ headers }: Answer, signedSkewMs: number): boolean {
    const skewMs = Date.parse(headers.date ?? "") - Date.now();
    if (!(Math.abs(skewMs - signedSkewMs) > toleratedSkewMs)) return false;
    this.#skewMs = skewMs;
    return true;
  }
}
