import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { type InstallableServer, runInstaller, ServerUnavailableError } from "./installation.ts";
import { isRoot } from "./unprivileged.ts";

/** A server of Debian's: a link to where its package puts the program. */
export interface DebianServer {
  readonly name: string;
  readonly package: string;
  /** The path of its program, which says its version when asked. */
  readonly systemProgram: string;
}

/** A server that Debian's package manager brings where the machine lacks it, if root may. */
export function debianServer({ name, package: packageName, systemProgram }: DebianServer): InstallableServer {
  const server: InstallableServer = {
    name,
    version: "debian",
    program: name,
    needs: [],
    async install(folder) {
      await runInstaller(systemProgram, ["--version"]).catch(() => installPackage(server, packageName));
      await symlink(systemProgram, join(folder, name));
    },
  };
  return server;
}

async function installPackage(server: InstallableServer, packageName: string): Promise<void> {
  const asRoot = isRoot() ? ["env"] : ["sudo", "--non-interactive", "env"];
  const run = ([program = "", ...args]: readonly string[]) => runInstaller(program, args);
  const aptGet = [...asRoot, "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  try {
    await run([...aptGet, "update"]);
    await run([...aptGet, "install", "--yes", "--no-install-recommends", packageName]);
  } catch (error) {
    const why = (error as Error).message;
    throw new ServerUnavailableError(server, `${server.name}, nor can apt-get bring ${packageName}: ${why}`);
  }
}
