import { installedProgram, ServerUnavailableError, serversAreRequired } from "@trunks/test-servers";
import { installable, runtimeNames } from "./catalog.ts";

/** Installs every runtime into the cache and prints a line for each. Fails where one is missing that is required. */
for (const name of runtimeNames) {
  const runtime = installable(name);
  const started = performance.now();
  try {
    const program = await installedProgram(runtime);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${name} ${runtime.version}: ${program} (${seconds} s)\n`);
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error;
    process.stdout.write(`${error.message}; its tests are skipped\n`);
    if (serversAreRequired()) process.exitCode = 1;
  }
}
