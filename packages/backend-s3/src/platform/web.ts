export { openClient } from "../web/client.ts";
export { GetObjectCommand, ListObjectsV2Command } from "../web/commands-read.ts";
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "../web/commands-write.ts";
export { contentMd5 } from "../web/digest.ts";
