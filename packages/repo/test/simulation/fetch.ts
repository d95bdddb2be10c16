import { isTrunksError } from "@trunks/core";
import { isContainer } from "../../src/format/container.ts";
import { isInline, type Segment } from "../../src/format/pack-name.ts";
import type { State } from "../../src/format/state.ts";
import type { Repository } from "../../src/repository.ts";
import { count, type Process } from "./scene.ts";
import { Violation } from "./truth.ts";

/** Reads the state and every pack that it names; another state, when a pack was retired and is gone. */
export async function fetchAll(process: Process, repository: Repository): Promise<void> {
  let state = await process.read(repository);
  while (!(await fetched(process, repository, state))) {
    count(process.scene, "read again");
    const newer = await process.read(repository);
    if (newer.slot === state.slot) throw new Violation(`slot ${state.slot} names a pack that is gone`);
    state = newer;
  }
}

async function fetched(process: Process, repository: Repository, state: State): Promise<boolean> {
  const { backend } = repository;
  const { downloadInline, downloadSegment } = process.scene.code;
  for (const pack of state.packs.values()) {
    try {
      if (isContainer(pack.pack)) await readLarge(process, repository, state, pack.pack);
      await process.patiently(async () => {
        if (isInline(pack.name)) return downloadInline(backend, pack, repository.records);
        for await (const chunk of downloadSegment(backend, pack.pack as Segment, "pack")) if (chunk.length === 0) break;
        return undefined;
      });
    } catch (error) {
      if (isTrunksError(error, "NOT_FOUND")) return false;
      throw error;
    }
  }
  return true;
}

/** Every large file that the container brings, proved by its id. */
async function readLarge(
  process: Process,
  repository: Repository,
  state: State,
  { large }: { readonly large: readonly { readonly id: string }[] },
): Promise<void> {
  const objects = process.scene.code.trunkObjects(repository.backend, state, repository.records);
  for (const { id } of large) {
    await process.patiently(async () => {
      for await (const piece of (await objects.readStream(id)) ?? []) if (piece.length === 0) break;
    });
    count(process.scene, "read in chunks");
  }
}
