import type { AnswerBody } from "@trunks/http-store";
import type { Command } from "./command.ts";
import { elements, rootOf, textOf } from "./xml.ts";

interface ObjectAnswer {
  readonly status: number;
  readonly body: AnswerBody;
  readonly size: number | undefined;
  readonly contentRange: string | undefined;
}

/** GetObject. `range` is the header's value. */
export function getObject(key: string, range: string | undefined): Command<ObjectAnswer> {
  return {
    question: { method: "GET", key, headers: { range } },
    async read({ status, headers, body }) {
      const length = headers["content-length"];
      const size = length === undefined ? undefined : Number(length);
      return { status, body, size, contentRange: headers["content-range"] };
    },
  };
}

interface ListQuestion {
  readonly prefix: string;
  readonly startAfter: string | undefined;
  /** Of the page before, to go on behind it. */
  readonly token: string | undefined;
  readonly limit: number;
}

/** An object of a page. */
export interface ListedObject {
  readonly key: string | undefined;
  readonly size: number;
  /** 0 where the store does not say. */
  readonly modifiedMs: number;
}

interface ListAnswer {
  readonly objects: readonly ListedObject[];
  readonly more: boolean;
  readonly token: string | undefined;
}

/** ListObjectsV2. */
export function listObjects({ prefix, startAfter, token, limit }: ListQuestion): Command<ListAnswer> {
  const query = {
    "list-type": "2",
    "max-keys": String(limit),
    prefix,
    "start-after": startAfter,
    "continuation-token": token,
  };
  return {
    question: { method: "GET", query },
    async read(answer) {
      const page = rootOf(await answer.text(), "ListBucketResult");
      return {
        objects: elements(page, "Contents").map((object) => ({
          key: textOf(object, "Key"),
          size: Number(textOf(object, "Size") ?? 0),
          modifiedMs: Date.parse(textOf(object, "LastModified") ?? "") || 0,
        })),
        more: textOf(page, "IsTruncated") === "true",
        token: textOf(page, "NextContinuationToken"),
      };
    },
  };
}
