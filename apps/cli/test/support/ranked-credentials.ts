import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  makeKey,
  startAzurite,
  startOpenssh,
  startPostgres,
  startVersity,
  type TestServer,
} from "@trunks/test-servers";
import type { Sandbox } from "./sandbox.ts";

/** One of the places where credentials come from, filled with right ones or wrong ones. */
export interface CredentialSource {
  /** Environment variables; `TRUNKS_STORAGE_PRIMARY_` and what follows, or the provider's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What a storage keeps. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Files below the home. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A store whose credentials can be right and wrong, and from where it takes them. */
export interface RankedStore {
  readonly url: string;
  /** Variables that lead nowhere else. */
  readonly environment: Readonly<Record<string, string>>;
  /** The code of what a user with wrong ones is told. Default `UNAUTHENTICATED`. */
  readonly refusal?: string;
  /** What counts most comes first. */
  readonly sources: Readonly<Record<string, (isRight: boolean) => CredentialSource>>;
  stop(): Promise<void>;
}

const own = "TRUNKS_STORAGE_PRIMARY_";

/** By the name of the server. */
export const rankedStores = { versity: s3, postgres, azurite: azure, openssh: sftp };

export type RankedStoreName = keyof typeof rankedStores;

async function s3(): Promise<RankedStore> {
  const { bucket, endpoint, region, accessKey, secretKey: right, ...server } = await startVersity();
  const secretKey = (isRight: boolean) => (isRight ? right : "a-wrong-secret");
  const profile = (isRight: boolean) =>
    `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey(isRight)}\n`;
  return {
    url: `s3://${bucket}?endpoint=${encodeURIComponent(endpoint)}&region=${region}`,
    environment: { AWS_EC2_METADATA_DISABLED: "true" },
    sources: {
      "the storage's variables": (isRight) => ({
        environment: { [`${own}ACCESS_KEY`]: accessKey, [`${own}SECRET_KEY`]: secretKey(isRight) },
      }),
      "the storage": (isRight) => ({ secrets: { accessKey, secretKey: secretKey(isRight) } }),
      AWS_ACCESS_KEY_ID: (isRight) => ({
        environment: { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey(isRight) },
      }),
      "the profile": (isRight) => ({ files: { ".aws/credentials": profile(isRight) } }),
    },
    stop: stopping(server),
  };
}

async function postgres(): Promise<RankedStore> {
  const { host, port, user, database, password: right, ...server } = await startPostgres();
  const password = (isRight: boolean) => (isRight ? right : "a-wrong-password");
  return {
    url: `postgres://${user}@${host}:${port}/${database}`,
    environment: { [`${own}CONNECT_TIMEOUT`]: "9" },
    sources: {
      "the storage's variables": (isRight) => ({ environment: { [`${own}PASSWORD`]: password(isRight) } }),
      "the storage": (isRight) => ({ secrets: { password: password(isRight) } }),
      PGPASSWORD: (isRight) => ({ environment: { PGPASSWORD: password(isRight) } }),
      "~/.pgpass": (isRight) => ({ files: { ".pgpass": `*:*:*:*:${password(isRight)}\n` } }),
    },
    stop: stopping(server),
  };
}

async function azure(): Promise<RankedStore> {
  const { account, container, endpoint, accountKey, ...server } = await startAzurite();
  const wrong = Buffer.from("a wrong key of some length").toString("base64");
  const key = (isRight: boolean) => (isRight ? accountKey : wrong);
  const connection = (isRight: boolean) =>
    `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key(isRight)};BlobEndpoint=${endpoint};`;
  return {
    url: `azure://${account}/${container}?endpoint=${endpoint}`,
    environment: {},
    // For a wrong signature the emulator has the word that Azure has for missing rights.
    refusal: "PERMISSION_DENIED",
    sources: {
      "the storage's variables": (isRight) => ({ environment: { [`${own}ACCOUNT_KEY`]: key(isRight) } }),
      "the storage": (isRight) => ({ secrets: { connectionString: connection(isRight) } }),
      AZURE_STORAGE_CONNECTION_STRING: (isRight) => ({
        environment: { AZURE_STORAGE_CONNECTION_STRING: connection(isRight) },
      }),
      AZURE_STORAGE_KEY: (isRight) => ({ environment: { AZURE_STORAGE_KEY: key(isRight) } }),
    },
    stop: stopping(server),
  };
}

async function sftp(sandbox: Sandbox): Promise<RankedStore> {
  const { host, port, user, folder, identityFile, knownHostsFile, ...server } = await startOpenssh();
  const stranger = join(sandbox.path, "stranger");
  await makeKey(stranger);
  // Both are in the agents that ssh would ask.
  const agents = [await startAgent(join(sandbox.path, "right-agent"), identityFile)];
  agents.push(await startAgent(join(sandbox.path, "wrong-agent"), stranger));
  copyFileSync(knownHostsFile, join(sandbox.path, "known_hosts"));
  const key = (isRight: boolean) => (isRight ? identityFile : stranger);
  return {
    url: `sftp://${user}@${host}:${port}${folder}?userKnownHostsFile=${join(sandbox.path, "known_hosts")}`,
    environment: {},
    sources: {
      "the storage's variables": (isRight) => ({ environment: { [`${own}IDENTITY_FILE`]: key(isRight) } }),
      "the storage": (isRight) => ({ secrets: { keyFile: key(isRight) } }),
      "the agent and ~/.ssh/config": (isRight) => ({
        environment: { SSH_AUTH_SOCK: join(sandbox.path, isRight ? "right-agent" : "wrong-agent") },
        files: { ".ssh/config": `IdentityFile ${key(isRight)}\n` },
      }),
    },
    async stop() {
      for (const agent of agents) agent.kill();
      await Promise.all(agents.map((agent) => once(agent, "exit")));
      await server.stop();
    },
  };
}

async function startAgent(socket: string, key: string) {
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  await once(agent.stdout, "data");
  const adding = spawn("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "ignore" });
  const [status] = (await once(adding, "exit")) as [number];
  if (status !== 0) throw new Error(`ssh-add ${key} ended with ${status}`);
  return agent;
}

function stopping(server: Pick<TestServer, "stop">): () => Promise<void> {
  return () => server.stop();
}
