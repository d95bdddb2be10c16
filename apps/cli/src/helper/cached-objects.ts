import { join } from "node:path";
import type { RequestOptions } from "@trunks/core";
import { cache } from "@trunks/layers/cache";
import { type ObjectReader, type Repository, type State, TrunkObjects, type TrunkObjectsOptions } from "@trunks/repo";
import type { LocalRepository } from "./local-repository.ts";
import type { SpooledRanges } from "./spooled-ranges.ts";

/** In bytes. Indexes and records that are needed again and again are kept in the clone up to this size. */
const cacheSizeBytes = 2 ** 30;

/**
 * Reads single objects of the trunk by range, with a cache in the clone; what was read of packs is spooled if it shall be. When a
 * pack is gone that was there as of `state`, the state is read again and the pack read that took its place.
 */
export function cachedObjects(
  repository: Repository,
  local: LocalRepository,
  state: State,
  options: TrunkObjectsOptions = {},
  ranges: SpooledRanges | undefined = undefined,
): ObjectReader {
  const folder = join(local.commonDir, "trunks", "cache", state.trunkId);
  const cacheable = (key: string) => key.endsWith(".idx") || key.startsWith("journal/") || key.startsWith("intents/");
  const cached = cache(repository.backend, { folder, maxBytes: cacheSizeBytes, cacheable });
  const backend = ranges?.over(cached) ?? cached;
  let current = state;
  async function renew({ signal }: RequestOptions): Promise<boolean> {
    const newer = await repository.readExisting({ signal });
    if (newer.slot === current.slot) return false;
    current = newer;
    objects.use(backend, newer, repository.records);
    return true;
  }
  const objects = new TrunkObjects(state.objects, 0, { ...options, renew });
  return objects.use(backend, state, repository.records);
}
