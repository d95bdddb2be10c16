import { type Command, readNothing } from "./command.ts";
import { contentMd5 } from "./platform.ts";
import { elements, encodeEntities, rootOf, textOf } from "./xml.ts";

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

interface Put {
  readonly body: Uint8Array;
  /** The value of `Content-MD5`. */
  readonly md5: string | undefined;
}

/** PutObject. */
export function putObject(key: string, { body, md5, ifAbsent }: Put & { readonly ifAbsent: boolean }): Command<void> {
  const headers = { "content-md5": md5, "if-none-match": ifAbsent ? "*" : undefined };
  return { question: { method: "PUT", key, headers, body }, read: readNothing };
}

/** DeleteObject. */
export function deleteObject(key: string): Command<void> {
  return { question: { method: "DELETE", key }, read: readNothing };
}

/** What a delete of many has not removed, and why. */
interface UndeletedObject {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** DeleteObjects: at most 1,000. */
export function deleteObjects(keys: readonly string[]): Command<readonly UndeletedObject[]> {
  const objects = keys.map((key) => `<Object><Key>${encodeEntities(key)}</Key></Object>`);
  const body = encode(`<Delete ${namespace}><Quiet>true</Quiet>${objects.join("")}</Delete>`);
  // The one checksum of this request that every store accepts.
  const headers = { "content-md5": contentMd5(body) };
  return {
    question: { method: "POST", query: { delete: "" }, headers, body },
    async read(answer) {
      return elements(rootOf(await answer.text(), "DeleteResult"), "Error").map((error) => ({
        key: textOf(error, "Key") ?? "",
        code: textOf(error, "Code") ?? "",
        message: textOf(error, "Message") ?? "",
      }));
    },
  };
}

/** CreateMultipartUpload. Answers the upload's id. */
export function createMultipartUpload(key: string): Command<string | undefined> {
  return {
    question: { method: "POST", key, query: { uploads: "" } },
    read: async (answer) => textOf(rootOf(await answer.text(), "InitiateMultipartUploadResult"), "UploadId"),
  };
}

/** UploadPart; the first part is number 1. Answers the part's entity tag. */
export function uploadPart(key: string, uploadId: string, number: number, { body, md5 }: Put): Command<string> {
  const query = { partNumber: String(number), uploadId };
  return {
    question: { method: "PUT", key, query, headers: { "content-md5": md5 }, body },
    async read(answer) {
      await answer.text();
      return answer.headers.etag ?? "";
    },
  };
}

interface Completion {
  /** Entity tags of all parts, in order. */
  readonly tags: readonly string[];
  readonly ifAbsent: boolean;
}

/** CompleteMultipartUpload. */
export function completeMultipartUpload(key: string, uploadId: string, { tags, ifAbsent }: Completion): Command<void> {
  const parts = tags.map(
    (tag, index) => `<Part><ETag>${encodeEntities(tag)}</ETag><PartNumber>${index + 1}</PartNumber></Part>`,
  );
  const body = encode(`<CompleteMultipartUpload ${namespace}>${parts.join("")}</CompleteMultipartUpload>`);
  const headers = { "if-none-match": ifAbsent ? "*" : undefined };
  return {
    question: { method: "POST", key, query: { uploadId }, headers, body },
    mayRefuseLate: true,
    async read(answer) {
      rootOf(await answer.text(), "CompleteMultipartUploadResult");
    },
  };
}

/** AbortMultipartUpload. */
export function abortMultipartUpload(key: string, uploadId: string): Command<void> {
  return { question: { method: "DELETE", key, query: { uploadId } }, read: readNothing };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
