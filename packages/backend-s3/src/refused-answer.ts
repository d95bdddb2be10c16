import type { Answer } from "./command.ts";
import { textOf } from "./xml.ts";

/** What a store said instead of doing what it was asked, as it came: secrets that it repeats are still in it. */
export class RefusedAnswer extends Error {
  readonly status: number;
  /** S3's word for it; empty where the answer has none. */
  readonly code: string;
  readonly requestId: string | undefined;
  /** Of an answer 416: the size of the whole body. */
  readonly totalSize: string | undefined;
  /** Whether the store's clock is far from the one by which the request was signed, and is now known. */
  readonly clockCorrected: boolean;

  constructor(xml: string, { headers }: Answer, status: number, clockCorrected: boolean) {
    super(textOf(xml, "Message") ?? "");
    this.name = "RefusedAnswer";
    this.status = status;
    this.code = textOf(xml, "Code") ?? "";
    this.requestId = headers["x-amz-request-id"];
    this.totalSize = /^bytes \*\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1] ?? textOf(xml, "ActualObjectSize");
    this.clockCorrected = clockCorrected;
  }
}
