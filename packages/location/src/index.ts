export { findBackendPackage } from "./backend-package.ts";
export { readText, replaceFile, unwritable } from "./durable-file.ts";
export { type FieldName, type StorageField, storageFields } from "./field.ts";
export { type FormValues, fieldOption, formUrl, formValues } from "./form.ts";
export { type GitAccess, gitAccess, gitMirrorUrl, gitPlaceAccess, isGitMirrorUrl } from "./git-mirror.ts";
export { copyIndex, writeIndex } from "./index-copy.ts";
export { backendsFolder, dataFolder, type FoundPackage, loadPackage } from "./installed-package.ts";
export {
  canonicalUrl,
  parseLocation,
  parseRoot,
  placeUrl,
  type StorageLocation,
  trunkPrefix,
  type UrlLocation,
} from "./location.ts";
export { withLock } from "./lock-file.ts";
export { type NamedStorage, namedStorage } from "./named-storage.ts";
export {
  diagnoseRoot,
  type OpenedLocation,
  type OpenedRoot,
  type OpenOptions,
  openLocation,
  openRoot,
} from "./open.ts";
export { openPlace } from "./place.ts";
export { isSecretName, redactUrl } from "./redact.ts";
export { backendPackages, formSchemes, knownBackends, schemeRules } from "./scheme.ts";
export type { Settings } from "./settings.ts";
export { SettingsFile } from "./settings-file.ts";
export { checkStorageName, type Environment, optionName, resolveStorage, type Storage } from "./storage.ts";
