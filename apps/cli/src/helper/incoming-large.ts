import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type CataloguePack,
  copyPack,
  largeBlobIds,
  packIndexBytes,
  type Repository,
  type State,
  trunkObjects,
} from "@trunks/repo";
import { lookUpObjects } from "./object-lookup.ts";
import { placePack } from "./pack-file.ts";
import { packStream } from "./pack-stream.ts";

export interface LargeInstallRequest {
  readonly repository: Pick<Repository, "backend" | "records">;
  readonly state: State;
  /** Where packs go: `objects/pack`, absolute. */
  readonly packDir: string;
  /** The repository that they are for. Default: the one of this process. */
  readonly gitDir?: string;
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** The large blobs that containers among these packs bring, without those that are here: whoever has pushed one has it. */
export async function absentLargeBlobs(
  packs: readonly CataloguePack[],
  { gitDir, signal }: LargeInstallRequest,
): Promise<string[]> {
  const ids = largeBlobIds(packs);
  if (gitDir !== undefined || ids.length === 0) return ids;
  const present = await lookUpObjects(ids, signal);
  return ids.filter((id) => !present.has(id));
}

/** A pack of large blobs, put together while it is read. */
export function largePack(ids: readonly string[], request: LargeInstallRequest): AsyncGenerator<Uint8Array> {
  return packStream(openTrunk(request), request.state, ids, request.signal);
}

/** Installs one pack of these large blobs, proved by their ids; answers its path without its ending. */
export async function installLarge(ids: readonly string[], request: LargeInstallRequest): Promise<string> {
  const { state, packDir, keep, signal } = request;
  const temporary = join(packDir, `tmp_pack_large_${process.pid}`);
  const index = join(packDir, `tmp_idx_large_${process.pid}`);
  try {
    const file = await open(temporary, "wx", 0o444);
    const sink = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
    };
    const written = await copyPack(openTrunk(request), state.objects, ids, sink, { signal }).finally(() =>
      file.close(),
    );
    await writeFile(index, packIndexBytes(state.objects, written.entries, written.checksum), { mode: 0o444 });
    return await placePack(join(packDir, `pack-${written.checksum}`), { pack: temporary, index, keep });
  } finally {
    await Promise.all([rm(temporary, { force: true }), rm(index, { force: true })]);
  }
}

function openTrunk({ repository, state }: LargeInstallRequest) {
  return trunkObjects(repository.backend, state, repository.records);
}
