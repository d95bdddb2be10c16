import type { InstallableServer } from "./installation.ts";
import type { S3Server } from "./s3-server.ts";
import { seaweed, startSeaweed } from "./seaweed.ts";
import { startVersity, versity } from "./versity.ts";

/** Every server that a suite can ask for by name. */
export const catalog = {
  versity: { installable: versity, start: startVersity },
  seaweed: { installable: seaweed, start: startSeaweed },
} satisfies Record<string, { installable: InstallableServer; start: () => Promise<S3Server> }>;

export type ServerName = keyof typeof catalog;

/** Whether a server that this machine cannot have is a failure: in CI, and where `TRUNKS_REQUIRE_SERVERS=1`. */
export function serversAreRequired(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.CI === "true" || environment.TRUNKS_REQUIRE_SERVERS === "1";
}
