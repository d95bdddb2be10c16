import { type Answer, type Command, type ObjectInput, type Question, readNothing } from "./command.ts";
import { contentMd5 } from "./digest.ts";
import { elements, encodeEntities, rootOf, textOf } from "./xml.ts";

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

interface BodyInput extends ObjectInput {
  readonly Body: Uint8Array;
  readonly ContentMD5?: string;
}

export class PutObjectCommand implements Command<object> {
  readonly question: Question;
  readonly read = readNothing;

  constructor({ Key, Body, ContentMD5, IfNoneMatch }: BodyInput & { readonly IfNoneMatch?: string }) {
    const headers = { "content-md5": ContentMD5, "if-none-match": IfNoneMatch };
    this.question = { method: "PUT", key: Key, headers, body: Body };
  }
}

export class DeleteObjectCommand implements Command<object> {
  readonly question: Question;
  readonly read = readNothing;

  constructor({ Key }: ObjectInput) {
    this.question = { method: "DELETE", key: Key };
  }
}

interface DeleteManyInput {
  readonly Delete: { readonly Objects: readonly { readonly Key: string }[] };
}

interface DeleteManyOutput {
  readonly Errors: readonly { readonly Code?: string; readonly Message?: string; readonly Key?: string }[];
}

export class DeleteObjectsCommand implements Command<DeleteManyOutput> {
  readonly question: Question;

  constructor({ Delete }: DeleteManyInput) {
    const objects = Delete.Objects.map(({ Key }) => `<Object><Key>${encodeEntities(Key)}</Key></Object>`);
    const body = encode(`<Delete ${namespace}><Quiet>true</Quiet>${objects.join("")}</Delete>`);
    // The one checksum of this request that every store accepts.
    this.question = { method: "POST", query: { delete: "" }, headers: { "content-md5": contentMd5(body) }, body };
  }

  async read(answer: Answer): Promise<DeleteManyOutput> {
    const failed = elements(rootOf(await answer.text(), "DeleteResult"), "Error");
    return {
      Errors: failed.map((error) => ({
        Code: textOf(error, "Code"),
        Message: textOf(error, "Message"),
        Key: textOf(error, "Key"),
      })),
    };
  }
}

export class CreateMultipartUploadCommand implements Command<{ readonly UploadId: string | undefined }> {
  readonly question: Question;

  constructor({ Key }: ObjectInput) {
    this.question = { method: "POST", key: Key, query: { uploads: "" } };
  }

  async read(answer: Answer): Promise<{ readonly UploadId: string | undefined }> {
    return { UploadId: textOf(rootOf(await answer.text(), "InitiateMultipartUploadResult"), "UploadId") };
  }
}

interface PartInput extends BodyInput {
  readonly UploadId: string;
  readonly PartNumber: number;
}

export class UploadPartCommand implements Command<{ readonly ETag: string | undefined }> {
  readonly question: Question;

  constructor({ Key, UploadId, PartNumber, Body, ContentMD5 }: PartInput) {
    this.question = {
      method: "PUT",
      key: Key,
      query: { partNumber: String(PartNumber), uploadId: UploadId },
      headers: { "content-md5": ContentMD5 },
      body: Body,
    };
  }

  async read(answer: Answer): Promise<{ readonly ETag: string | undefined }> {
    await answer.text();
    return { ETag: answer.headers.etag };
  }
}

interface CompleteInput extends ObjectInput {
  readonly UploadId: string;
  readonly MultipartUpload: { readonly Parts: readonly { readonly ETag: string; readonly PartNumber: number }[] };
  readonly IfNoneMatch?: string;
}

export class CompleteMultipartUploadCommand implements Command<object> {
  readonly question: Question;
  readonly mayRefuseLate = true;

  constructor({ Key, UploadId, MultipartUpload, IfNoneMatch }: CompleteInput) {
    const parts = MultipartUpload.Parts.map(
      ({ ETag, PartNumber }) =>
        `<Part><ETag>${encodeEntities(ETag)}</ETag><PartNumber>${PartNumber}</PartNumber></Part>`,
    );
    this.question = {
      method: "POST",
      key: Key,
      query: { uploadId: UploadId },
      headers: { "if-none-match": IfNoneMatch },
      body: encode(`<CompleteMultipartUpload ${namespace}>${parts.join("")}</CompleteMultipartUpload>`),
    };
  }

  async read(answer: Answer): Promise<object> {
    rootOf(await answer.text(), "CompleteMultipartUploadResult");
    return {};
  }
}

export class AbortMultipartUploadCommand implements Command<object> {
  readonly question: Question;
  readonly read = readNothing;

  constructor({ Key, UploadId }: ObjectInput & { readonly UploadId: string }) {
    this.question = { method: "DELETE", key: Key, query: { uploadId: UploadId } };
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
