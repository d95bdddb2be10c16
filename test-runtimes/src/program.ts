import { installedProgram, ServerUnavailableError, serversAreRequired } from "@trunks/test-servers";
import { installable, type RuntimeName } from "./catalog.ts";

/** A runtime's program, installed if need be; `undefined` where this machine cannot have it, and need not. */
export async function programOf(runtime: RuntimeName): Promise<string | undefined> {
  try {
    return await installedProgram(installable(runtime));
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || serversAreRequired()) throw error;
    process.stderr.write(`${error.message}; its tests are skipped\n`);
    return undefined;
  }
}
