export { type AzureAddress, type AzureServer, azureSignature, startAzurite } from "./azurite.ts";
export { makeBucket } from "./bucket-settings.ts";
export { type ByteWire, startByteWire } from "./byte-wire.ts";
export { serversAreRequired } from "./catalog.ts";
export { type GcsAddress, type GcsServer, startFakeGcs } from "./gcs.ts";
export { type GitHttpServer, startGitHttp } from "./git-http.ts";
export {
  cacheFolder,
  type InstallableServer,
  installedProgram,
  runInstaller,
  ServerUnavailableError,
} from "./installation.ts";
export { makeKey, type SftpAddress, type SftpServer, type SshdOptions, startOpenssh } from "./openssh.ts";
export { startPgbouncer } from "./pgbouncer.ts";
export { startPkgSftp } from "./pkg-sftp.ts";
export { asAdministrator, type PostgresAddress, type PostgresServer, startPostgres } from "./postgres.ts";
export { type PostgresWire, startPostgresWire } from "./postgres-wire.ts";
export {
  type ProxiedRequest,
  type ProxyAction,
  type ProxyOptions,
  type ProxyScript,
  startProxy,
  type TestProxy,
} from "./proxy.ts";
export { type RedisServer, startRedis } from "./redis.ts";
export type { S3Address, S3Server } from "./s3-server.ts";
export { startSeaweed } from "./seaweed.ts";
export { type ServerCommand, type ServerPlan, ServerProcess, type TestServer } from "./server-process.ts";
export { startTappedSftp, type TappedSftp } from "./tapped-sftp.ts";
export { startVersity } from "./versity.ts";
