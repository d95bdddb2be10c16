import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type InstallableServer, installedProgram, runInstaller } from "./installation.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

const version = "1.8.0";

/** The Versity gateway: objects are files below a folder. */
export const versity: InstallableServer = {
  name: "versity",
  version,
  program: "versitygw",
  needs: ["go"],
  async install(folder) {
    const module = `github.com/versity/versitygw/cmd/versitygw@v${version}`;
    await runInstaller("go", ["install", "-trimpath", "-ldflags", "-s -w", module], {
      GOBIN: folder,
      CGO_ENABLED: "0",
      GOFLAGS: "",
      GOWORK: "off",
    });
  },
};

/** Starts a Versity gateway that belongs to the caller. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startVersity(): Promise<S3Server> {
  const program = await installedProgram(versity);
  return startS3Server(versity, ({ accessKey, secretKey }) => ({
    portCount: 1,
    async command([port], folder) {
      const data = join(folder, "data");
      await mkdir(data, { recursive: true });
      return {
        program,
        // Without --keep-alive it closes the connection after each answer.
        arguments: ["--port", `127.0.0.1:${port}`, "--keep-alive", "--quiet", "posix", data],
        environment: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
      };
    },
  }));
}
