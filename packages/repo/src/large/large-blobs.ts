import { type Container, isContainer, type LargeBlob } from "../format/container.ts";
import type { CataloguePack, State } from "../format/state.ts";

/** A blob in chunks, and the container that holds its manifest. */
export interface PlacedBlob extends LargeBlob {
  readonly container: Container;
}

/** The containers of the catalogue, by id. */
export function containersOf({ packs }: Pick<State, "packs">): Map<string, Container> {
  const containers = new Map<string, Container>();
  for (const { pack } of packs.values()) if (isContainer(pack)) containers.set(pack.id, pack);
  return containers;
}

/** The large blobs of these containers, by id; of one that is there twice, where it came last. */
export function largeBlobsOf(containers: Iterable<Container>): Map<string, PlacedBlob> {
  const blobs = new Map<string, PlacedBlob>();
  for (const container of containers) for (const blob of container.large) blobs.set(blob.id, { ...blob, container });
  return blobs;
}

/** The large blobs that these packs bring, each once. */
export function largeBlobIds(packs: readonly Pick<CataloguePack, "pack">[]): string[] {
  return [...new Set(packs.flatMap(({ pack }) => (isContainer(pack) ? pack.large.map(({ id }) => id) : [])))];
}

/** In bytes; `undefined` when the trunk keeps no blob in chunks. */
export function leastLargeBlobSize({ packs }: Pick<State, "packs">): number | undefined {
  let least: number | undefined;
  for (const { pack } of packs.values())
    if (isContainer(pack)) for (const { size } of pack.large) least = Math.min(size, least ?? size);
  return least;
}
