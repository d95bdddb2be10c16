import { startAzurite } from "./azurite.ts";
import { fakeGcs, startFakeGcs } from "./gcs.ts";
import type { InstallableServer } from "./installation.ts";
import { openssh, startOpenssh } from "./openssh.ts";
import { pgbouncer, startPgbouncer } from "./pgbouncer.ts";
import { pkgSftp, startPkgSftp } from "./pkg-sftp.ts";
import { postgres, startPostgres } from "./postgres.ts";
import { redis, startRedis } from "./redis.ts";
import { seaweed, startSeaweed } from "./seaweed.ts";
import type { TestServer } from "./server-process.ts";
import { startVersity, versity } from "./versity.ts";

/** Every server that a suite can ask for by name, and how to install it unless it comes with this package. */
export const catalog = {
  versity: { installable: versity, start: startVersity },
  seaweed: { installable: seaweed, start: startSeaweed },
  "fake-gcs": { installable: fakeGcs, start: startFakeGcs },
  azurite: { start: startAzurite },
  postgres: { installable: postgres, start: startPostgres },
  pgbouncer: { installable: pgbouncer, start: startPgbouncer },
  redis: { installable: redis, start: startRedis },
  openssh: { installable: openssh, start: () => startOpenssh() },
  "pkg-sftp": { installable: pkgSftp, start: () => startPkgSftp() },
} satisfies Record<string, { installable?: InstallableServer; start: () => Promise<TestServer> }>;

export type ServerName = keyof typeof catalog;

/** A running server of that name, without its methods: what crosses to the processes of the tests is plain data. */
export type ServerAddress<Name extends ServerName> = Omit<
  Awaited<ReturnType<(typeof catalog)[Name]["start"]>>,
  "kill" | "restart" | "stop"
>;

/** Whether a server that this machine cannot have is a failure: in CI, and where `TRUNKS_REQUIRE_SERVERS=1`. */
export function serversAreRequired(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.CI === "true" || environment.TRUNKS_REQUIRE_SERVERS === "1";
}
