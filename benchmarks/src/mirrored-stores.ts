import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startOpenssh, startPostgres, startVersity } from "@trunks/test-servers";

/** Three stores for one trunk: the first is the primary. */
export interface ThreeStores {
  /** URLs without secrets, by the storages' names. */
  readonly urls: Readonly<Record<"primary" | "second" | "third", string>>;
  /** Where their secrets are found. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Folders that answer as late as stores behind networks of three qualities. */
export async function farStores(folder: string): Promise<ThreeStores> {
  const far = (name: string, getMs: number, writeMs: number, rate: number) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    return `far://${path}?get-ms=${getMs}&write-ms=${writeMs}&mb-per-second=${rate}`;
  };
  return {
    urls: { primary: far("near", 12, 22, 170), second: far("far", 25, 45, 85), third: far("farther", 40, 72, 60) },
    environment: { TRUNKS_BACKEND_PATH: join(import.meta.dirname, "far") },
    stop: async () => {},
  };
}

/** The addresses of the same servers, for their vendors' clients: by the names in `segments/stores.ts`. */
export interface LoopbackStores extends ThreeStores {
  readonly addresses: Readonly<Record<"s3" | "postgres" | "sftp", object>>;
}

/** Real servers on this machine: S3, Postgres and SFTP. */
export async function loopbackStores(): Promise<LoopbackStores> {
  const [s3, postgres, sftp] = await Promise.all([startVersity(), startPostgres(), startOpenssh()]);
  const sftpQuery = `config=none&identityAgent=none&identityFile=${sftp.identityFile}&userKnownHostsFile=${sftp.knownHostsFile}`;
  return {
    urls: {
      primary: `s3://${s3.bucket}/bench?endpoint=${encodeURIComponent(s3.endpoint)}&region=${s3.region}`,
      second: `postgres://${postgres.user}@${postgres.host}:${postgres.port}/${postgres.database}/bench`,
      third: `sftp://${sftp.user}@${sftp.host}:${sftp.port}${sftp.folder}?${sftpQuery}`,
    },
    environment: { ...s3.environment, PGPASSWORD: postgres.password },
    addresses: { s3: { ...s3 }, postgres: { ...postgres }, sftp: { ...sftp } },
    stop: async () => void (await Promise.all([s3.stop(), postgres.stop(), sftp.stop()])),
  };
}
