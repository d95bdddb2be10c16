import { join } from "node:path";
import { cache } from "@trunks/layers/cache";
import { type ObjectReader, type ObjectReaderOptions, type Repository, type State, trunkObjects } from "@trunks/repo";
import type { LocalRepository } from "./local-repository.ts";
import type { SpooledRanges } from "./spooled-ranges.ts";

/** In bytes. Indexes and records that are needed again and again are kept in the clone up to this size. */
const cacheSizeBytes = 2 ** 30;

/** Reads single objects of the trunk by range, with a cache in the clone; what was read of packs is spooled if it shall be. */
export function cachedObjects(
  repository: Repository,
  local: LocalRepository,
  state: State,
  options: ObjectReaderOptions = {},
  ranges: SpooledRanges | undefined = undefined,
): ObjectReader {
  const folder = join(local.commonDir, "trunks", "cache", state.trunkId);
  const cacheable = (key: string) => key.endsWith(".idx") || key.startsWith("journal/") || key.startsWith("intents/");
  const backend = cache(repository.backend, { folder, maxBytes: cacheSizeBytes, cacheable });
  return trunkObjects(ranges?.over(backend) ?? backend, state, repository.records, options);
}
