import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type InstallableServer, installedProgram, runInstaller } from "./installation.ts";
import { ServerProcess, type TestServer } from "./server-process.ts";

const version = "1.56.1";
const bucket = "trunks-test";

/** What a client must know of a running emulator of Google Cloud Storage. It asks nobody for credentials. */
export interface GcsAddress {
  readonly name: string;
  readonly version: string;
  /** For example `http://127.0.0.1:20001`. */
  readonly endpoint: string;
  /** A bucket that exists and is empty but for the key `ready`. */
  readonly bucket: string;
  /** The server's temporary folder. */
  readonly folder: string;
  /** The same as the variables that Google's clients read. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A running emulator that belongs to the caller. */
export interface GcsServer extends GcsAddress, TestServer {}

/** fake-gcs-server: objects are files below a folder. */
export const fakeGcs: InstallableServer = {
  name: "fake-gcs",
  version,
  program: "fake-gcs-server",
  needs: ["go"],
  async install(folder) {
    const module = `github.com/fsouza/fake-gcs-server@v${version}`;
    await runInstaller("go", ["install", "-trimpath", "-ldflags", "-s -w", module], {
      GOBIN: folder,
      CGO_ENABLED: "0",
      GOFLAGS: "",
      GOWORK: "off",
    });
  },
};

/** Starts an emulator that belongs to the caller. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startFakeGcs(): Promise<GcsServer> {
  const program = await installedProgram(fakeGcs);
  const server = await ServerProcess.start({
    name: fakeGcs.name,
    portCount: 1,
    async command([port], folder) {
      const data = join(folder, "data");
      await mkdir(data, { recursive: true });
      const host = `127.0.0.1:${port}`;
      return {
        program,
        arguments: [
          ...["-backend", "filesystem", "-filesystem-root", data, "-log-level", "warn"],
          ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(port)],
          ...["-external-url", `http://${host}`, "-public-host", host],
        ],
      };
    },
    probe: ([port]) => writeOnce(`http://127.0.0.1:${port}`),
  });
  const endpoint = `http://127.0.0.1:${server.ports[0]}`;
  return {
    name: fakeGcs.name,
    version,
    endpoint,
    bucket,
    folder: server.folder,
    environment: { STORAGE_EMULATOR_HOST: endpoint },
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/** Ready is what has a bucket and takes a write. */
async function writeOnce(endpoint: string): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${endpoint}/storage/v1/b?project=tests`, {
    ...{ method: "POST", headers, signal },
    body: JSON.stringify({ name: bucket }),
  });
  await made.body?.cancel();
  if (!made.ok && made.status !== 409) throw new Error(`the bucket could not be made: ${made.status}`);
  const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=ready`;
  const written = await fetch(endpoint + path, { method: "POST", body: "ready", signal });
  await written.body?.cancel();
  if (!written.ok) throw new Error(`a write was answered ${written.status}`);
}
