import type { BackendModule } from "@trunks/core";
import type { Environment } from "../storage.ts";

/** The module that opens URLs of this scheme. Throws `CONFIG_INVALID` when there is none. */
export async function findBackend(
  scheme: string,
  environment: Environment,
  installations: readonly string[] | undefined,
): Promise<BackendModule> {
  if (scheme === "local" || scheme === "file") return import("@trunks/backend-local");
  // What looks for packages takes some milliseconds to load.
  const { loadBackendPackage } = await import("../backend-package.ts");
  return loadBackendPackage(scheme, environment, installations);
}
