/** This package in Workers and browsers: URLs and storages, but no files and no packages that are looked for. */
export {
  canonicalUrl,
  parseLocation,
  parseRoot,
  placeUrl,
  type StorageLocation,
  trunkPrefix,
  type UrlLocation,
} from "./location.ts";
export { type NamedStorage, namedStorage } from "./named-storage.ts";
export { type OpenedLocation, type OpenedRoot, type OpenOptions, openLocation, openRoot } from "./open.ts";
export { openPlace } from "./place.ts";
export { loadPackage } from "./platform/web.ts";
export type { Settings } from "./settings.ts";
export { checkStorageName, type Environment, resolveStorage, type Storage } from "./storage.ts";
