import type { Backend, RequestOptions } from "@trunks/core";
import type { ForgottenBlob } from "../format/container.ts";
import type { CataloguePack, State } from "../format/state.ts";
import type { ObjectId } from "../pack/object-format.ts";
import { containersOf } from "./large-blobs.ts";
import { LargeReader } from "./large-reader.ts";

/** What of a catalogue's containers is not needed. */
export interface NeedlessContainers {
  /** Those that hold nothing that a kept blob is made of: neither its manifest nor a chunk. */
  readonly containers: readonly CataloguePack[];
  /** Of the others, the blobs that are not kept, or that another container brings. */
  readonly forgotten: readonly ForgottenBlob[];
}

export async function needlessContainers(
  backend: Backend,
  state: State,
  kept: { has(id: ObjectId): boolean },
  options: RequestOptions,
): Promise<NeedlessContainers> {
  const containers = containersOf(state);
  const reader = new LargeReader(backend, state.objects);
  reader.use(containers);
  const needed = new Set<string>();
  const isKept = (id: ObjectId, container: string) => kept.has(id) && reader.blobs.get(id)?.container.id === container;
  for (const [id, { container }] of reader.blobs) {
    if (!kept.has(id)) continue;
    needed.add(container.id);
    for (const one of await reader.containersOf(id, options)) needed.add(one);
  }
  return {
    containers: [...state.packs.values()].filter(({ name }) => name.kind === "container" && !needed.has(name.id)),
    forgotten: [...containers.values()].flatMap(({ id: container, large }) => {
      const lost = needed.has(container) ? large.filter(({ id }) => !isKept(id, container)) : [];
      return lost.map(({ id: blob }) => ({ container, blob }));
    }),
  };
}
