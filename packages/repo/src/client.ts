/**
 * What a program needs that reads a trunk and pushes to it: this package without upkeep, partial fetches and the care of
 * mirrors, which take time to load.
 */
export type { RefMove } from "./format/entry.ts";
export type { Place } from "./format/mirror-map.ts";
export { isRefName } from "./format/ref-name.ts";
export { sortedRefs } from "./format/snapshot.ts";
export type { State } from "./format/state.ts";
export { decodeText, encodeText } from "./format/text.ts";
export { type LargeBlobBody, usualChunkThreshold } from "./large/large-upload.ts";
export {
  type GitObject,
  type IdentifiedObject,
  type ObjectType,
  objectId,
  parseTag,
  streamObjectId,
  TreeCursor,
  treeBytes,
} from "./pack/git-object.ts";
export { isObjectId, type ObjectFormat, type ObjectId, objectIdLength } from "./pack/object-format.ts";
export type { ObjectReader } from "./pack/object-reader.ts";
export { packIndexBytes } from "./pack/pack-index-bytes.ts";
export { PackWriter } from "./pack/pack-writer.ts";
export { hexFromBytes, latin1Text, prepare } from "./platform.ts";
export { Repository } from "./repository.ts";
export type { RepositoryOptions } from "./repository-options.ts";
export type { StateCache } from "./state-cache.ts";
export { TrunkObjects } from "./transfer/objects.ts";
export { inlinePackLimit, type PublicationPack } from "./transfer/publication.ts";
export { SegmentsAhead } from "./transfer/segments-ahead.ts";
export { maintenanceDue } from "./upkeep/due.ts";
