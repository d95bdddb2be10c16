import type { RequestOptions } from "@trunks/core";
import {
  inlinePackLimit,
  type LargeBlobBody,
  type ObjectId,
  PackWriter,
  type PublicationPack,
  packIndexBytes,
  parseTag,
} from "@trunks/repo/client";
import { decodeCommit } from "./commit.ts";
import { throwIfAborted } from "./lock.ts";
import type { NewObject } from "./new-objects.ts";
import type { Session } from "./session.ts";
import { joined, Spool } from "./spool.ts";
import { decodeTree } from "./tree.ts";

/** A pack above this size is put into a temporary file while it is written, in bytes. */
const memorySizeBytes = 2 ** 23;

const largeSizeBytes = 2 ** 16;
/** Up to this size an object is deflated at once; a stream has its price. */
const wholeSizeBytes = 2 ** 20;

/** What a push brings. */
export interface OutgoingPack {
  readonly pack: PublicationPack | undefined;
  /** Contents that are not in the pack, to be pushed in chunks. */
  readonly large: readonly LargeBlobBody[];
  readonly ids: readonly ObjectId[];
  close(): Promise<void>;
}

/**
 * The objects that a commit reaches and the trunk does not have: tags, commits, trees and contents, each once. Large
 * contents come last, so that what is read first is near the beginning.
 */
export function newObjectsOf({ objects, format }: Session, tip: ObjectId): Map<ObjectId, NewObject> {
  const tags = new Map<ObjectId, NewObject>();
  const commits = new Map<ObjectId, NewObject>();
  const trees = new Map<ObjectId, NewObject>();
  const blobs = new Map<ObjectId, NewObject>();
  const large = new Map<ObjectId, NewObject>();
  const waiting = [tip];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const object = objects.new.isNew(id) ? objects.new.get(id) : undefined;
    if (object === undefined || commits.has(id) || trees.has(id)) continue;
    const data = object.place as Uint8Array;
    if (object.type === "tag") {
      tags.set(id, object);
      waiting.push(parseTag(format, data).object);
    } else if (object.type === "commit") {
      commits.set(id, object);
      const { parents, tree } = decodeCommit(format, id, data);
      waiting.push(tree, ...parents);
    } else if (object.type === "tree") {
      trees.set(id, object);
      for (const item of decodeTree(format, data).values()) waiting.push(item.id);
    } else {
      (object.size > largeSizeBytes ? large : blobs).set(id, object);
    }
  }
  return new Map([...tags, ...commits, ...trees, ...blobs, ...large]);
}

/** Packs these objects, in bounded memory. */
export async function makePack(
  session: Session,
  found: ReadonlyMap<ObjectId, NewObject>,
  options: RequestOptions,
): Promise<OutgoingPack> {
  const ids = [...found.keys()];
  const isLarge = ({ type, size }: NewObject) => type === "blob" && size >= session.chunkThresholdBytes;
  const packed = new Map([...found].filter(([, object]) => !isLarge(object)));
  const large = [...found].flatMap(([id, object]) => {
    const read = () => session.objects.new.stream(object);
    return isLarge(object) ? [{ id, size: object.size, read }] : [];
  });
  if (packed.size === 0) return { pack: undefined, large, ids, close: async () => {} };
  const spool = new Spool();
  try {
    return { pack: await writePack(session, packed, spool, options), large, ids, close: () => spool.close() };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

async function writePack(
  { objects, format }: Session,
  found: ReadonlyMap<ObjectId, NewObject>,
  spool: Spool,
  { signal }: RequestOptions,
): Promise<PublicationPack> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let spooled = 0;
  const flush = async () => {
    if (held > 0) spooled += (await spool.append(joined(pieces, held))).size;
    pieces = [];
    held = 0;
  };
  const writer = new PackWriter(format, found.size, async (bytes) => {
    pieces.push(bytes);
    held += bytes.length;
    if (held > memorySizeBytes) await flush();
  });
  for (const object of found.values()) {
    throwIfAborted(signal);
    const { type, size } = object;
    if (size <= wholeSizeBytes) await writer.add({ type, data: await objects.new.bytes(object) });
    else await writer.addStream(type, size, objects.new.stream(object));
  }
  const { entries, checksum, size } = await writer.finish();
  if (size <= inlinePackLimit) return { kind: "inline", bytes: joined(pieces, held), objectCount: found.size };
  const index = packIndexBytes(format, entries, checksum);
  if (spooled > 0) await flush();
  const pack = spooled > 0 ? spool.source({ start: 0, size }) : joined(pieces, held);
  return { kind: "segments", segments: [{ pack, index, objectCount: found.size }] };
}
