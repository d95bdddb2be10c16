import { createHash, getFips, type Hash } from "node:crypto";
import { bodySize, bodySlice, isTrunksError, TrunksError } from "@trunks/core";
import { lossOf, pause, type Write } from "@trunks/http-store";
import { uploadUnitBytes } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import type { GcsStore, StoreAnswer, StoreRequest } from "./store.ts";
import { describeObject, requestOf, uploadPath } from "./write.ts";

const maxAttempts = 5;
/** Leftovers end by themselves after a week: no caller waits long for their removal, in milliseconds. */
const cleanUpTimeoutMs = 10_000;

interface Stored {
  readonly size?: string;
}

/**
 * Writes a body as a resumable upload: begin, a stream of almost all bytes, and a last piece with the digest of the whole.
 * Only the last makes anything visible, and the condition holds for it too. What breaks off is continued where the store
 * says that it is; so even a last piece whose answer is lost has, as a rule, an outcome that the store can tell.
 */
export async function writeResumably(store: GcsStore, write: Write): Promise<void> {
  const upload = new Upload(store, write, await begin(store, write));
  try {
    await upload.run();
  } catch (error) {
    // With its outcome unknown it may be on its way, and is left alone.
    if (!isTrunksError(error, "OUTCOME_UNKNOWN")) await upload.takeBack();
    throw error;
  }
}

/** The path of the upload's session, which whoever knows it may write to. */
async function begin(store: GcsStore, write: Write): Promise<string> {
  const { headers } = await store.send({
    method: "POST",
    path: uploadPath(store, write, "resumable"),
    headers: { "content-type": "application/json", "x-upload-content-length": String(bodySize(write.body)) },
    body: Buffer.from(JSON.stringify(describeObject(store, write))),
    ...requestOf(write),
    loss: "harmless",
  });
  const { location = "" } = headers;
  if (!URL.canParse(location) || !new URL(location).searchParams.has("upload_id")) {
    const message = `${requestOf(write).operation} ${write.key}: ${store.options.place} began an upload without a name`;
    throw new TrunksError("NOT_SUPPORTED", message);
  }
  const { pathname, search } = new URL(location);
  return pathname + search;
}

class Upload {
  readonly #store: GcsStore;
  readonly #write: Write;
  readonly #session: string;
  readonly #size: number;
  readonly #digest: Hash | undefined = getFips() === 1 ? undefined : createHash("md5");
  /** So many bytes are in the digest; what is sent again is not counted again. */
  #digested = 0;

  constructor(store: GcsStore, write: Write, session: string) {
    this.#store = store;
    this.#write = write;
    this.#session = session;
    this.#size = bodySize(write.body);
  }

  async run(): Promise<void> {
    // The last piece has at least a byte.
    const lastStart = Math.floor((this.#size - 1) / uploadUnitBytes) * uploadUnitBytes;
    let offset = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        while (offset < lastStart) offset = await this.#sendStream(offset, lastStart);
        return this.#finished(await this.#sendLast(offset));
      } catch (error) {
        // The last piece's answer is lost, or anything before it has failed: the store knows how far it came.
        const isLost = isTrunksError(error, "OUTCOME_UNKNOWN");
        if (!isTrunksError(error) || !(error.retryable || isLost) || attempt === maxAttempts) throw error;
        await pause(attempt, error.retryAfterMs, this.#write.signal);
        const place = await this.#ask(isLost ? error : undefined);
        if (place === "done") return;
        offset = place;
      }
    }
  }

  async takeBack(): Promise<void> {
    const signal = AbortSignal.timeout(cleanUpTimeoutMs);
    const request = { ...this.#request(), method: "DELETE", signal, accepts: [499] } as const;
    // Its failure must not hide the one that led here.
    await this.#store.send(request).catch(() => {});
  }

  /** Sends the bytes from `start` to `end` and answers how far the store has kept them. */
  async #sendStream(start: number, end: number): Promise<number> {
    const answer = await this.#store.send<unknown>({
      ...this.#request(),
      headers: { "content-length": String(end - start), "content-range": `bytes ${start}-${end - 1}/${this.#size}` },
      body: this.#read(start, end),
      accepts: [308],
    });
    const kept = keptBytes(answer);
    if (answer.status !== 308 || kept > end || kept <= start) throw this.#odd(`has kept ${kept} of ${end} bytes`);
    return kept;
  }

  async #sendLast(start: number): Promise<StoreAnswer<Stored | undefined>> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#read(start, this.#size)) chunks.push(chunk);
    const digest = this.#digest?.copy().digest("base64");
    return await this.#store.send<Stored | undefined>({
      ...this.#request(),
      headers: {
        "content-range": `bytes ${start}-${this.#size - 1}/${this.#size}`,
        ...(digest !== undefined && { "x-goog-hash": `md5=${digest}` }),
      },
      body: Buffer.concat(chunks),
      loss: lossOf(this.#write),
    });
  }

  /** How far the store came. `doubt`: the failure that stays when it cannot tell either. */
  async #ask(doubt: TrunksError | undefined): Promise<number | "done"> {
    for (let attempt = 1; ; attempt++) {
      try {
        const headers = { "content-range": `bytes */${this.#size}` };
        const answer = await this.#store.send<Stored | undefined>({ ...this.#request(), headers, accepts: [308] });
        if (answer.status === 308) return keptBytes(answer);
        this.#finished(answer);
        return "done";
      } catch (error) {
        const status = refusalOf(error)?.status;
        if (status === 404 || status === 410) throw doubt ?? this.#gone(error);
        if (!isTrunksError(error) || !error.retryable || attempt === maxAttempts) throw doubt ?? error;
        await pause(attempt, error.retryAfterMs, this.#write.signal);
      }
    }
  }

  #finished({ value }: StoreAnswer<Stored | undefined>): void {
    if (Number(value?.size) === this.#size) return;
    throw this.#odd(`completed an upload with ${value?.size} of ${this.#size} bytes`);
  }

  async *#read(start: number, end: number): AsyncGenerator<Uint8Array> {
    let place = start;
    for await (const chunk of bodySlice(this.#write.body, start, end)) {
      const fresh = place + chunk.length - this.#digested;
      if (fresh > 0) {
        this.#digest?.update(chunk.subarray(chunk.length - fresh));
        this.#digested += fresh;
      }
      place += chunk.length;
      yield chunk;
    }
  }

  /** For all requests but the last: whatever becomes of them, nothing is visible. */
  #request(): StoreRequest {
    return { method: "PUT", path: this.#session, ...requestOf(this.#write), loss: "harmless" };
  }

  #gone(cause: unknown): TrunksError {
    const message = `${this.#request().operation} ${this.#write.key}: the upload is gone`;
    return new TrunksError("UNAVAILABLE", message, { cause, retryable: true });
  }

  #odd(what: string): TrunksError {
    const { operation, key } = this.#request();
    return new TrunksError("CORRUPT", `${operation} ${key}: ${this.#store.options.place} ${what}`);
  }
}

/** `range: bytes=0-99`, or no such header before the first byte is kept. */
function keptBytes({ headers }: StoreAnswer<unknown>): number {
  const [, last] = /^bytes=0-(\d+)$/.exec(String(headers.range ?? "")) ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}
