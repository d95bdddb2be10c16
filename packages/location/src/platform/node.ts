import type { BackendModule } from "@trunks/core";
import { loadBackendPackage } from "../backend-package.ts";
import type { Environment } from "../storage.ts";

export { loadPackage } from "../installed-package.ts";

/** The module that opens URLs of this scheme. Throws `CONFIG_INVALID` when there is none. */
export async function findBackend(
  scheme: string,
  environment: Environment,
  installations: readonly string[] | undefined,
): Promise<BackendModule> {
  if (scheme === "local" || scheme === "file") return import("@trunks/backend-local");
  return loadBackendPackage(scheme, environment, installations);
}
