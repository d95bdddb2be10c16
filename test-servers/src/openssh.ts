import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type InstallableServer, installedProgram, runInstaller, ServerUnavailableError } from "./installation.ts";
import { type ServerCommand, ServerProcess, type TestServer } from "./server-process.ts";
import { giveAway, isRoot } from "./unprivileged.ts";

const run = promisify(execFile);
const systemProgram = "/usr/sbin/sshd";

/** What a client must know of a running SFTP server. Plain data. */
export interface SftpAddress {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A folder that the user may write to: tests make their own in it. */
  readonly folder: string;
  /** The user's key, without a passphrase. */
  readonly identityFile: string;
  /** Knows the server's key. */
  readonly knownHostsFile: string;
}

/** A running SFTP server that belongs to the caller. */
export interface SftpServer extends SftpAddress, TestServer {}

export interface SshdOptions {
  /** What runs as the SFTP server, as in sshd_config. Default: sshd's own. */
  readonly subsystem?: string;
  /** Further lines of sshd_config, which win. */
  readonly settings?: readonly string[];
  /** Lets `nobody` in with this password instead of a key. Only root can have such a server. */
  readonly password?: string;
}

/** Debian's OpenSSH, installed by its package manager where root may. */
export const openssh: InstallableServer = {
  name: "openssh",
  version: "debian",
  program: "sshd",
  needs: [],
  async install(folder) {
    await runInstaller(systemProgram, ["-?"]).catch(async (error: NodeJS.ErrnoException) => {
      // It knows no such option, and says so with its usage.
      if (error.code === "ENOENT") await installPackage();
    });
    await symlink(systemProgram, join(folder, "sshd"));
  },
};

async function installPackage(): Promise<void> {
  const missing = "OpenSSH server";
  if (!isRoot()) throw new ServerUnavailableError(openssh, `${missing}, which only root may install`);
  // The run level keeps the package from starting a server of the machine's own.
  const environment = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  try {
    await runInstaller("apt-get", ["update"], environment);
    await runInstaller("apt-get", ["install", "--yes", "--no-install-recommends", "openssh-server"], environment);
  } catch (error) {
    throw new ServerUnavailableError(openssh, `${missing}, nor can apt-get bring it: ${(error as Error).message}`);
  }
}

/** Starts an OpenSSH server that belongs to the caller. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startOpenssh(options: SshdOptions = {}): Promise<SftpServer> {
  return await startSshd(openssh, options);
}

/** Starts sshd before the SFTP server `installable`. */
export async function startSshd(
  installable: { readonly name: string; readonly version: string },
  { subsystem = "internal-sftp", settings = [], password }: SshdOptions,
): Promise<SftpServer> {
  await installedProgram(openssh);
  if (password !== undefined && !isRoot()) throw new ServerUnavailableError(openssh, "right to give users passwords");
  // A program that is not sshd's own runs in the user's shell, and `nobody` has none.
  const isNobody = isRoot() && subsystem.startsWith("internal-sftp");
  let listener = 0;
  const server = await ServerProcess.start({
    name: installable.name,
    portCount: 1,
    async command([port = 0], folder) {
      if (isRoot()) await mkdir("/run/sshd", { recursive: true });
      const passwords = password === undefined ? [] : ["PasswordAuthentication yes", "PubkeyAuthentication no"];
      const config = await prepare(folder, port, { subsystem, settings: [...settings, ...passwords] });
      if (isNobody) await giveAway(join(folder, "data"));
      const arguments_ = ["-D", "-e", "-f", config];
      if (password === undefined) return { program: systemProgram, arguments: arguments_ };
      return await withPassword(password, folder, [systemProgram, ...arguments_]);
    },
    probe: ([port = 0]) => greeting(port),
  });
  const { folder, ports } = server;
  const port = ports[0] ?? 0;
  const version = /OpenSSH_(\S+)/.exec(await greeting(port))?.[1] ?? openssh.version;
  const readListener = async () => {
    listener = Number(await readFile(join(folder, "pid"), "utf8"));
  };
  await readListener();
  const kill = async (signal: NodeJS.Signals = "SIGKILL") => {
    // Each connection is served by processes that are in no group of the listener's.
    const served = await descendants(listener);
    await server.kill(signal);
    for (const id of served) killIfThere(id, signal);
  };
  return {
    name: installable.name,
    version: installable === openssh ? version : installable.version,
    host: "127.0.0.1",
    port,
    user: isNobody ? "nobody" : userInfo().username,
    folder: join(folder, "data"),
    identityFile: join(folder, "identity"),
    knownHostsFile: join(folder, "known_hosts"),
    kill,
    async restart() {
      await kill();
      await server.restart();
      await readListener();
    },
    async stop() {
      await kill();
      await server.stop();
    },
  };
}

type Configuration = Required<Pick<SshdOptions, "subsystem" | "settings">>;

/** A command for which, and for what it starts, `nobody` has a password. The machine's own list stays as it is. */
async function withPassword(password: string, folder: string, command: readonly string[]): Promise<ServerCommand> {
  const list = join(folder, "shadow");
  const digested = run("openssl", ["passwd", "-6", "-stdin"]);
  digested.child.stdin?.end(`${password}\n`);
  const digest = (await digested).stdout.trim();
  const lines = await readFile("/etc/shadow", "utf8");
  await writeFile(list, lines.replace(/^nobody:[^:]*/m, `nobody:${digest}`), { mode: 0o600 });
  const script = 'mount --bind "$1" /etc/shadow && shift && exec "$@"';
  return { program: "unshare", arguments: ["--mount", "sh", "-c", script, "sh", list, ...command] };
}

/** Makes keys and folders at the first start. Answers the path of the configuration. */
async function prepare(folder: string, port: number, options: Configuration): Promise<string> {
  const [config, hostKey, identity] = ["sshd_config", "host_key", "identity"].map((name) => join(folder, name));
  const isFirst = !(await readdir(folder)).includes("data");
  if (isFirst) {
    // The user must come through to the data, and to the list of keys.
    await chmod(folder, 0o711);
    await mkdir(join(folder, "data"));
    for (const file of [hostKey, identity]) await makeKey(file as string);
    await copyFile(`${identity}.pub`, join(folder, "authorized_keys"));
    const [type, key] = (await readFile(`${hostKey}.pub`, "utf8")).split(" ");
    await writeFile(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${type} ${key}\n`);
  }
  await writeFile(config as string, configText(folder, port, options));
  return config as string;
}

/** Makes a key pair without a passphrase, or with one. */
export async function makeKey(file: string, passphrase = "", type = "ed25519"): Promise<void> {
  await run("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", file]);
}

function configText(folder: string, port: number, { subsystem, settings }: Configuration): string {
  const keyword = (line: string) => line.split(" ")[0];
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host_key")}`,
    `PidFile ${join(folder, "pid")}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin yes",
    "MaxStartups 1000",
    "MaxSessions 100",
    `Subsystem sftp ${subsystem}`,
  ].filter((line) => !settings.some((setting) => keyword(setting) === keyword(line)));
  // Of most lines that say the same thing the first would count, of some the last.
  return [...lines, ...settings, ""].join("\n");
}

/** Ready is what says which protocol it speaks: `SSH-2.0-OpenSSH_9.2p1 …`. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without a greeting")));
    socket.once("data", (line) => {
      resolve(String(line));
      socket.destroy();
    });
  });
}

/** The processes below `parent`, itself not among them. */
async function descendants(parent: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The name of the program stands in parentheses, and may hold anything.
    const [, parentId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    parents.set(Number(name), Number(parentId));
  }
  const found = [parent];
  for (const id of found) {
    for (const [child, parentId] of parents) if (parentId === id && !found.includes(child)) found.push(child);
  }
  return found.slice(1);
}

function killIfThere(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
