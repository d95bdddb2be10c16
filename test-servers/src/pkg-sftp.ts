import { type InstallableServer, installedProgram, runInstaller } from "./installation.ts";
import { type SftpServer, type SshdOptions, startSshd } from "./openssh.ts";

const version = "1.13.12";

/** The server that comes with the Go library pkg/sftp. Its plain rename overwrites. */
export const pkgSftp: InstallableServer = {
  name: "pkg-sftp",
  version,
  program: "server_standalone",
  needs: ["go"],
  async install(folder) {
    const module = `github.com/pkg/sftp/server_standalone@v${version}`;
    await runInstaller("go", ["install", "-trimpath", "-ldflags", "-s -w", module], {
      GOBIN: folder,
      CGO_ENABLED: "0",
      GOFLAGS: "",
      GOWORK: "off",
    });
  },
};

/** Starts it behind sshd. Throws `ServerUnavailableError` where either cannot be installed. */
export async function startPkgSftp(options: Pick<SshdOptions, "settings"> = {}): Promise<SftpServer> {
  return await startSshd(pkgSftp, { ...options, subsystem: await installedProgram(pkgSftp) });
}
