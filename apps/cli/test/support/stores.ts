import {
  type S3Address,
  type S3Server,
  type SftpAddress,
  startAzurite,
  startFakeGcs,
  startOpenssh,
  startPgbouncer,
  startPkgSftp,
  startPostgres,
  startSeaweed,
  startVersity,
} from "@trunks/test-servers";
import type { TestContext } from "vitest";
import { ifAvailable } from "./if-available.ts";
import type { Sandbox } from "./sandbox.ts";

/** Where trunks are kept, for tests that do the same on each kind of store. */
export interface Store {
  /** The URL of a trunk: that of the store with the repository's name, or the trunk's exact one. */
  url(name: string, exact?: "exact"): string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const starts = {
  local: async (sandbox: Sandbox): Promise<Store> => ({
    url: (name, exact) => sandbox.trunkUrl(path(name, exact)),
    environment: {},
    stop: async () => {},
  }),
  versity: async () => s3Store(await startVersity()),
  seaweed: async () => s3Store(await startSeaweed()),
  "fake-gcs": gcsStore,
  azurite: azureStore,
  postgres: () => postgresStore(startPostgres),
  pgbouncer: () => postgresStore(startPgbouncer),
  openssh: () => sftpStore(startOpenssh),
  "pkg-sftp": () => sftpStore(startPkgSftp),
};

export type StoreName = keyof typeof starts;

export const storeNames = Object.keys(starts) as StoreName[];

/** Starts a store, or answers why this machine cannot have it. */
export function startStore(name: StoreName, sandbox: Sandbox): Promise<Store | string> {
  return ifAvailable(() => starts[name](sandbox));
}

/** The store, if there is one; otherwise the test is skipped. */
export function needStore(context: TestContext, store: Store | string | undefined): Store {
  if (typeof store === "string") context.skip(store);
  return store as Store;
}

/** The URL of a trunk on an S3 server, or on what stands before it. */
export function s3Url({ bucket, region }: S3Address, endpoint: string, folder: string, scheme = "s3"): string {
  return `trunks::${scheme}://${bucket}/${folder}?endpoint=${encodeURIComponent(endpoint)}&region=${region}`;
}

/** What S3 clients need to know, and nothing that would lead them anywhere else. */
export function s3Environment({ accessKey, secretKey }: S3Address): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_EC2_METADATA_DISABLED: "true" };
}

function s3Store(server: S3Server): Store {
  return {
    url: (name, exact) => s3Url(server, server.endpoint, `team/${path(name, exact)}`),
    environment: s3Environment(server),
    stop: () => server.stop(),
  };
}

async function gcsStore(): Promise<Store> {
  const { bucket, environment, stop } = await startFakeGcs();
  return { url: (...names) => `trunks::gcs://${bucket}/team/${path(...names)}`, environment, stop };
}

async function azureStore(): Promise<Store> {
  const { account, container, endpoint, environment, stop } = await startAzurite();
  const url: Store["url"] = (...names) =>
    `trunks::azure://${account}/${container}/team/${path(...names)}?endpoint=${endpoint}`;
  return { url, environment, stop };
}

async function postgresStore(start: typeof startPostgres): Promise<Store> {
  const { host, port, user, database, password, stop } = await start();
  const url: Store["url"] = (...names) =>
    `trunks::postgres://${user}@${host}:${port}/${database}/team/${path(...names)}`;
  return { url, environment: { PGPASSWORD: password }, stop };
}

/** The URL of a trunk on an SFTP server, or on what stands before it at another port. */
export function sftpUrl(address: SftpAddress, folder: string, port = address.port): string {
  const { host, user, identityFile, knownHostsFile } = address;
  const settings = {
    config: "none",
    identityAgent: "none",
    identityFile,
    userKnownHostsFile: knownHostsFile,
    hostKeyAlias: `[${host}]:${address.port}`,
  };
  const query = Object.entries(settings).map((setting) => setting.join("="));
  return `trunks::sftp://${user}@${host}:${port}${address.folder}/${folder}?${query.join("&")}`;
}

async function sftpStore(start: typeof startOpenssh): Promise<Store> {
  const server = await start();
  return { url: (...names) => sftpUrl(server, path(...names)), environment: {}, stop: server.stop };
}

/** Of a trunk in a store. */
function path(name: string, exact?: "exact"): string {
  return exact ? `trunks/${name}.trunk` : name;
}
