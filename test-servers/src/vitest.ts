import type { TestProject } from "vitest/node";
import { catalog, type ServerAddress, type ServerName, serversAreRequired } from "./catalog.ts";
import { ServerUnavailableError } from "./installation.ts";
import type { TestServer } from "./server-process.ts";

/** The servers of a suite; `undefined` where the machine cannot have one. */
export type ProvidedServers = { readonly [Name in ServerName]?: ServerAddress<Name> };

declare module "vitest" {
  interface ProvidedContext {
    servers: ProvidedServers;
  }
}

/**
 * The set-up of a package whose suite needs servers, named under `globalSetup` in its vitest configuration:
 *
 *     export default serveSuite(["versity", "seaweed"]);
 *
 * Each is started once, and tests find its address by `inject("servers")`. One that the machine cannot have is reported
 * on standard error, and the tests that need it skip; where servers are required it fails the run.
 */
export function serveSuite(names: readonly ServerName[]): (project: TestProject) => Promise<() => Promise<void>> {
  return async (project) => {
    const running: TestServer[] = [];
    const stopAll = async () => {
      await Promise.all(running.map((server) => server.stop()));
    };
    const starts = await Promise.allSettled(names.map((name) => startOrReport(name, running)));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed) {
      await stopAll();
      throw failed.reason;
    }
    project.provide("servers", Object.fromEntries(running.map((server) => [server.name, addressOf(server)])));
    return stopAll;
  };
}

async function startOrReport(name: ServerName, running: TestServer[]): Promise<void> {
  try {
    running.push(await catalog[name].start());
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || serversAreRequired()) throw error;
    process.stderr.write(`${error.message}; its tests are skipped\n`);
  }
}

/** Without the methods. */
function addressOf({ kill: _kill, restart: _restart, stop: _stop, ...address }: TestServer): object {
  return address;
}
