import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianServer } from "./debian-package.ts";
import { installedProgram } from "./installation.ts";
import { addressOf, connectOnce, type PostgresServer, startPostgres } from "./postgres.ts";
import { ServerProcess } from "./server-process.ts";
import { giveAway, unprivileged } from "./unprivileged.ts";

const systemProgram = "/usr/sbin/pgbouncer";

export const pgbouncer = debianServer({ name: "pgbouncer", package: "pgbouncer", systemProgram });

/**
 * Starts a Postgres and, before it, a PgBouncer that hands out connections for one transaction at a time. The address is
 * the pooler's; `kill` and `restart` are the pooler's too.
 */
export async function startPgbouncer(): Promise<PostgresServer> {
  await installedProgram(pgbouncer);
  const database = await startPostgres();
  const { password } = database;
  try {
    const server = await ServerProcess.start({
      name: "pgbouncer",
      portCount: 1,
      async command([port], folder) {
        const [settings, users] = [join(folder, "pgbouncer.ini"), join(folder, "users.txt")];
        await writeFile(users, `"postgres" "${password}"\n`, { mode: 0o600 });
        await writeFile(settings, settingsText(port ?? 0, database.port, users));
        await giveAway(folder, settings, users);
        // By its own path: root's cache is closed to the user whom it runs as.
        return unprivileged(systemProgram, [settings]);
      },
      probe: ([port]) => connectOnce({ port: port ?? 0, password }),
    });
    const { stdout } = await promisify(execFile)(systemProgram, ["--version"]);
    const version = /[0-9]+(\.[0-9]+)+/.exec(stdout)?.[0] ?? pgbouncer.version;
    return {
      ...addressOf({ name: pgbouncer.name, version }, server, password),
      kill: (signal) => server.kill(signal),
      restart: () => server.restart(),
      async stop() {
        await server.stop();
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

function settingsText(port: number, target: number, users: string): string {
  return `[databases]
* = host=127.0.0.1 port=${target} auth_user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
server_login_retry = 1
`;
}
