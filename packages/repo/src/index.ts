export { mapConcurrent } from "./concurrent.ts";
export { fileKeys } from "./format/container.ts";
export type { Entry, RefMove } from "./format/entry.ts";
export { isFollower, type Mirror, type Place } from "./format/mirror-map.ts";
export { type InlinePack, isThin, type PackName, packNameText, type Segment } from "./format/pack-name.ts";
export { isRefName } from "./format/ref-name.ts";
export { listedRefs, refIds, sortedRefs } from "./format/snapshot.ts";
export type { CataloguePack, Ref, State } from "./format/state.ts";
export { decodeText, encodeText } from "./format/text.ts";
export type { LogEnd } from "./history/ref-log.ts";
export { type RefUpdate, readRefLogPage } from "./history/ref-log-page.ts";
export { planRestore, planUndo, type Restoration, restore, undoneEntryId } from "./history/restoration.ts";
export type { ReadRecord } from "./journal/slots.ts";
export { largeBlobIds, leastLargeBlobSize } from "./large/large-blobs.ts";
export { type LargeBlobBody, type LargeSettings, usualChunkThreshold } from "./large/large-upload.ts";
export { addMirror, type Removal, removeMirror } from "./mirror/change.ts";
export type { Follower, MoveOutcome } from "./mirror/follower.ts";
export type { MissedMirror } from "./mirror/mirrors.ts";
export { promote, takeOver } from "./mirror/promote.ts";
export { type MirrorReport, reportMirrors } from "./mirror/report.ts";
export type { Sighting, SightingCache } from "./mirror/sighting.ts";
export { syncMirror } from "./mirror/sync.ts";
export { type Verification, verifyMirror } from "./mirror/verify.ts";
export {
  type GitObject,
  type IdentifiedObject,
  type ObjectType,
  objectId,
  parseTag,
  streamObjectId,
  type TreeEntry,
  treeBytes,
  treeEntries,
  treeMode,
} from "./pack/git-object.ts";
export { isObjectId, type ObjectFormat, type ObjectId } from "./pack/object-format.ts";
export { ObjectReader, type ObjectReaderOptions } from "./pack/object-reader.ts";
export type { ObjectStream } from "./pack/object-stream.ts";
export { concatPacks, type PackPart } from "./pack/pack-concat.ts";
export { copyPack } from "./pack/pack-copy.ts";
export { packIndexBytes } from "./pack/pack-index-bytes.ts";
export { PackWriter } from "./pack/pack-writer.ts";
export { Repository } from "./repository.ts";
export type { CreateOptions, RepositoryOptions } from "./repository-options.ts";
export { type FetchQuestion, type FetchSelection, FetchSelector } from "./selection/fetch-selection.ts";
export { noFilter, parseObjectFilter } from "./selection/object-filter.ts";
export type { StateCache } from "./state-cache.ts";
export { downloadInline, downloadSegment, downloadWhole } from "./transfer/download.ts";
export { downloadCatalogue, type WholeCatalogue } from "./transfer/joined-catalogue.ts";
export { TrunkObjects, type TrunkObjectsOptions, trunkObjects } from "./transfer/objects.ts";
export { packsSince } from "./transfer/packs-since.ts";
export {
  inlinePackLimit,
  type MoveVerdict,
  type Publication,
  type PublicationPack,
  type PublishOutcome,
} from "./transfer/publication.ts";
export type { SegmentBody } from "./transfer/segment-upload.ts";
export { SegmentsAhead } from "./transfer/segments-ahead.ts";
export { verifyThinSegment } from "./transfer/thin-segment.ts";
export { type Collection, collect } from "./upkeep/collect.ts";
export { type Compaction, compact } from "./upkeep/compact.ts";
export { compactionDue, maintenanceDue } from "./upkeep/due.ts";
export { stubOldRecords } from "./upkeep/old-records.ts";
export type { Scratch, ScratchFile } from "./upkeep/scratch.ts";
export { type Sweep, sweep } from "./upkeep/sweep.ts";
