import { execFileSync } from "node:child_process";
import { chmod, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  cacheFolder,
  type InstallableServer,
  installedProgram,
  runInstaller,
  ServerUnavailableError,
} from "@trunks/test-servers";

/** Others that keep repositories in a bucket, each in a folder of its own: nothing of this machine is changed. */
export const gitRemoteS3 = pythonPeer("git-remote-s3", "0.4.2", "git-remote-s3", "git_remote_s3.remote");
export const pythonTrunks = pythonPeer("trunks", "1.2.14", "git-remote-trunks", "trunks.remote_helper");
export const objectStore: InstallableServer = {
  name: "git-remote-object-store",
  version: "0.2.7",
  program: "bin/git-remote-s3+http",
  needs: ["cargo"],
  async install(folder) {
    const args = ["install", "--quiet", "--locked", "--ignore-rust-version", "--root", folder];
    await runInstaller("cargo", [...args, `${this.name}-cli@${this.version}`]);
    // No program of cargo's has a plus in its name.
    await symlink("git-remote-s3-http", join(folder, this.program));
  },
};

/** The folder with the helper that git is to find, installed when the cache has none; `undefined` where that cannot be. */
export async function installedHelper(peer: InstallableServer): Promise<string | undefined> {
  try {
    return dirname(await installedProgram(peer, join(dirname(cacheFolder()), "trunks-bench-peers")));
  } catch (error) {
    process.stderr.write(`${peer.name} ${peer.version} is left out: ${(error as Error).message}\n`);
    return undefined;
  }
}

function pythonPeer(name: string, version: string, helper: string, module: string): InstallableServer {
  const peer: InstallableServer = {
    name,
    version,
    program: `bin/${helper}`,
    needs: ["python3"],
    async install(folder) {
      await runInstaller(newPython() ?? unavailable(peer), ["-m", "venv", folder]);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      await runInstaller(join(folder, "bin/python"), [...pip, `${name}==${version}`]);
      // The scripts that pip writes name the folder they were installed into, which is about to be renamed.
      const program = join(folder, peer.program);
      const script = `import sys; from ${module} import main; sys.exit(main())`;
      await writeFile(program, `#!/bin/sh\nexec "$(dirname "$0")/python" -c '${script}' "$@"\n`);
      await chmod(program, 0o755);
    },
  };
  return peer;
}

/** A Python that both run on: 3.12 or newer. */
function newPython(): string | undefined {
  return ["python3", "python3.14", "python3.13", "python3.12"].find((program) => {
    try {
      execFileSync(program, ["-c", "import sys; sys.exit(sys.version_info < (3, 12))"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

function unavailable(peer: InstallableServer): never {
  throw new ServerUnavailableError(peer, "Python 3.12");
}
