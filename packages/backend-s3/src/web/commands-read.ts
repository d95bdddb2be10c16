import type { AnswerBody } from "@trunks/http-store";
import type { Answer, Command, ObjectInput, Question } from "./command.ts";
import { elements, rootOf, textOf } from "./xml.ts";

interface GetOutput {
  readonly Body: AnswerBody;
  readonly ContentLength: number | undefined;
  readonly ContentRange: string | undefined;
  readonly $metadata: { readonly httpStatusCode: number };
}

export class GetObjectCommand implements Command<GetOutput> {
  readonly question: Question;

  constructor({ Key, Range }: ObjectInput & { readonly Range?: string }) {
    this.question = { method: "GET", key: Key, headers: { range: Range } };
  }

  async read({ status, headers, body }: Answer): Promise<GetOutput> {
    const length = headers["content-length"];
    return {
      Body: body,
      ContentLength: length === undefined ? undefined : Number(length),
      ContentRange: headers["content-range"],
      $metadata: { httpStatusCode: status },
    };
  }
}

interface ListInput {
  readonly Prefix: string;
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
  readonly MaxKeys: number;
}

interface ListOutput {
  readonly Contents: readonly { readonly Key?: string; readonly Size: number; readonly LastModified?: Date }[];
  readonly IsTruncated: boolean;
  readonly NextContinuationToken: string | undefined;
}

export class ListObjectsV2Command implements Command<ListOutput> {
  readonly question: Question;

  constructor({ Prefix, StartAfter, ContinuationToken, MaxKeys }: ListInput) {
    this.question = {
      method: "GET",
      query: {
        "list-type": "2",
        "max-keys": String(MaxKeys),
        prefix: Prefix,
        "start-after": StartAfter,
        "continuation-token": ContinuationToken,
      },
    };
  }

  async read(answer: Answer): Promise<ListOutput> {
    const page = rootOf(await answer.text(), "ListBucketResult");
    const modified = (object: string) => textOf(object, "LastModified");
    return {
      Contents: elements(page, "Contents").map((object) => ({
        Key: textOf(object, "Key"),
        Size: Number(textOf(object, "Size") ?? 0),
        LastModified: modified(object) === undefined ? undefined : new Date(modified(object) as string),
      })),
      IsTruncated: textOf(page, "IsTruncated") === "true",
      NextContinuationToken: textOf(page, "NextContinuationToken"),
    };
  }
}
