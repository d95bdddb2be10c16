import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A server that can be installed without a container: how, and where its program is then. */
export interface InstallableServer {
  readonly name: string;
  readonly version: string;
  /** The program, relative to the folder that `install` filled. */
  readonly program: string;
  /** Programs that `install` needs. Where one is missing the server is not available on this machine. */
  readonly needs: readonly string[];
  install(folder: string): Promise<void>;
}

/** Thrown where a machine lacks what a server's installation needs. */
export class ServerUnavailableError extends Error {
  constructor(server: InstallableServer, missing: string) {
    super(`${server.name} ${server.version} is not available on this machine: it has no ${missing}`);
    this.name = "ServerUnavailableError";
  }
}

const installTimeoutMs = 15 * 60_000;
const lockPollMs = 100;

/** Where installed servers are kept: below `TRUNKS_CACHE`, else the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const root = environment.TRUNKS_CACHE || environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(root, "trunks-test-servers");
}

/**
 * The path of the server's program, installed when the cache has none. Of several processes that ask at once one
 * installs and the others wait; what is installed appears under its name by one rename, so no half is ever seen.
 */
export async function installedProgram(server: InstallableServer, cache = cacheFolder()): Promise<string> {
  const folder = join(cache, `${server.name}-${server.version}`);
  const program = join(folder, server.program);
  if (await exists(program)) return program;
  for (const command of server.needs) {
    if (!(await isOnPath(command))) throw new ServerUnavailableError(server, command);
  }
  await mkdir(cache, { recursive: true });
  const lock = `${folder}.lock`;
  await takeLock(lock);
  try {
    if (await exists(program)) return program;
    const staging = await mkdtemp(`${folder}.staging-`);
    try {
      await server.install(staging);
      await access(join(staging, server.program));
      await renamed(staging, folder);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    return program;
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Runs an installer's command; its output is part of the error when it fails. */
export async function runInstaller(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<void> {
  await run(program, args, { env: { ...process.env, ...environment }, timeout: installTimeoutMs });
}

/**
 * The lock is a folder that is renamed into place with its owner's process id inside: a rename onto a folder that is not
 * empty fails. A dead owner's lock is taken away; should two processes do so at once, both install, and that is harmless.
 */
async function takeLock(lock: string): Promise<void> {
  const own = await mkdtemp(`${lock}-`);
  await writeFile(join(own, "owner"), String(process.pid));
  const deadline = performance.now() + installTimeoutMs;
  while (!(await renamed(own, lock))) {
    if (await isAbandoned(lock)) await rm(lock, { recursive: true, force: true });
    else if (performance.now() > deadline) throw new Error(`another installation holds ${lock}`);
    else await sleep(lockPollMs);
  }
}

/** False when a folder with something in it is at `target` already. */
async function renamed(source: string, target: string): Promise<boolean> {
  try {
    await rename(source, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const owner = Number(await readFile(join(lock, "owner"), "utf8").catch(() => ""));
  if (!Number.isInteger(owner) || owner < 1) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function isOnPath(command: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(":");
  const found = await Promise.all(folders.map((folder) => exists(join(folder, command))));
  return found.includes(true);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
