import { catalog, serversAreRequired } from "./catalog.ts";
import { installedProgram, ServerUnavailableError } from "./installation.ts";

/** Installs every server into the cache and prints a line for each. Fails where one is missing that is required. */
for (const server of Object.values(catalog)) {
  if (!("installable" in server)) continue;
  const { installable } = server;
  const started = performance.now();
  try {
    const program = await installedProgram(installable);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${installable.name} ${installable.version}: ${program} (${seconds} s)\n`);
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error;
    process.stdout.write(`${error.message}; its tests are skipped\n`);
    if (serversAreRequired()) process.exitCode = 1;
  }
}
