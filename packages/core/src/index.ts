export { abortedError, sleep, unlessAborted } from "./abort.ts";
export type {
  Backend,
  BackendFactory,
  BackendModule,
  BackendOptions,
  Capabilities,
  GetOptions,
  ListedKey,
  ListOptions,
  ListPage,
  Observation,
  Operation,
  RequestOptions,
  StoreDiagnosis,
} from "./backend.ts";
export { type Body, bodySize, bodySlice, bytesBody, type Source } from "./body.ts";
export { bytesContent, type Content, readContent, streamContent } from "./content.ts";
export { type ErrorCode, isTrunksError, TrunksError, type TrunksErrorOptions } from "./error.ts";
export { checkKey, checkPrefix, compareKeys, maxKeyLength, maxSegmentLength } from "./key.ts";
export { listPages, type PagingOptions } from "./listing.ts";
export { type ByteRange, resolveRange } from "./range.ts";
export { type BackendMethods, replaceMethods } from "./replace-methods.ts";
export { checkRequest, checkWrite, closedError } from "./request.ts";
